-- Says that a worker is there, and forgets those that said nothing for one ttl.
-- KEYS[1]  fermata:workers  sorted set, the worker as JSON → the server's time in milliseconds at which it said so
-- ARGV[1]  the worker as JSON
-- ARGV[2]  ttl in milliseconds; the whole key expires with the last worker's silence
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.status_reply('OK')
