-- Gives leases back, those that this token has.
-- KEYS     fermata:lease:{step}, …   string "<fence>:<token>"
-- ARGV[1]  token
-- Answers how many were given back.
local given = 0
for _, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if value and string.sub(value, string.find(value, ':', 1, true) + 1) == ARGV[1] then
    given = given + redis.call('DEL', key)
  end
end
return given
