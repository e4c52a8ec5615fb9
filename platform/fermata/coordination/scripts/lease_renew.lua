-- Renews a lease; takes one back that vanished; a higher fence replaces a lower one, never the reverse.
-- KEYS[1]  fermata:lease:{step}   string "<fence>:<token>"
-- ARGV[1]  token
-- ARGV[2]  fence, an integer
-- ARGV[3]  ttl in milliseconds
-- Answers "held", "retaken" or "lost".
local value = redis.call('GET', KEYS[1])
local mine = tonumber(ARGV[2])
if not value then
  redis.call('SET', KEYS[1], ARGV[2] .. ':' .. ARGV[1], 'PX', ARGV[3])
  return 'retaken'
end
local cut = string.find(value, ':', 1, true)
local fence = tonumber(string.sub(value, 1, cut - 1))
if string.sub(value, cut + 1) == ARGV[1] then
  if mine > fence then
    redis.call('SET', KEYS[1], ARGV[2] .. ':' .. ARGV[1], 'PX', ARGV[3])
  else
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
  return 'held'
end
if mine > fence then
  redis.call('SET', KEYS[1], ARGV[2] .. ':' .. ARGV[1], 'PX', ARGV[3])
  return 'retaken'
end
return 'lost'
