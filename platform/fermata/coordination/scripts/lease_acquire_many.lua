-- Takes the leases of several steps, each as lease_acquire does; those that others have are left.
-- KEYS     fermata:lease:{step}, …   string "<fence>:<token>"; fence 0 until the claim has told it
-- ARGV[1]  token
-- ARGV[2]  ttl in milliseconds
-- Answers for each key 1 when the token has the lease now, 0 when another has it.
local answers = {}
for place, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  answers[place] = 1
  if not value then
    redis.call('SET', key, '0:' .. ARGV[1], 'PX', ARGV[2])
  elseif string.sub(value, string.find(value, ':', 1, true) + 1) == ARGV[1] then
    redis.call('PEXPIRE', key, ARGV[2])
  else
    answers[place] = 0
  end
end
return answers
