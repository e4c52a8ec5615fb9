-- Gives a lease back if this token has it.
-- KEYS[1]  fermata:lease:{step}   string "<fence>:<token>"
-- ARGV[1]  token
-- Answers 1 when it was given back, 0 when there was nothing of ours.
local value = redis.call('GET', KEYS[1])
if value then
  local cut = string.find(value, ':', 1, true)
  if string.sub(value, cut + 1) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
  end
end
return 0
