-- Reads the epoch; writes it when it is missing, or when another run of the server wrote it.
-- KEYS[1]  fermata:epoch   string "time run", the server's time in milliseconds at which this run began to remember,
--                          and the run's id: a server that comes back with its data forgot no key, but was away while
--                          leases ran out and nobody could renew them.
-- Answers {epoch, now}, both in milliseconds of the server's clock, as text.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local epoch, of = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%w*)$')
if epoch == nil or of ~= run then
    epoch = now
    redis.call('SET', KEYS[1], now .. ' ' .. run)
end
return {epoch, now}
