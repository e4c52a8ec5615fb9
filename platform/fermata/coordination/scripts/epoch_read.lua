-- Reads the epoch; writes it when it is missing.
-- KEYS[1]  fermata:epoch   string, the server's time in milliseconds at which this Redis began to remember
-- Answers {epoch, now}, both in milliseconds of the server's clock, as text.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local text = string.format('%.0f', now)
redis.call('SET', KEYS[1], text, 'NX')
return {redis.call('GET', KEYS[1]), text}
