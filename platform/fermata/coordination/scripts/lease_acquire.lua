-- Takes a step's lease when nobody has it, or when the same token has it.
-- KEYS[1]  fermata:lease:{step}   string "<fence>:<token>"; fence 0 until the claim has told it
-- ARGV[1]  token
-- ARGV[2]  ttl in milliseconds
-- Answers 1 when the token has the lease now, 0 when another has it.
local value = redis.call('GET', KEYS[1])
if not value then
  redis.call('SET', KEYS[1], '0:' .. ARGV[1], 'PX', ARGV[2])
  return 1
end
local cut = string.find(value, ':', 1, true)
if string.sub(value, cut + 1) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
return 0
