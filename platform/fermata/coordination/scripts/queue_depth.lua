-- Counts the steps that a queue's messages ring: a message that rings several names the others in its header "also".
-- KEYS[1]  wf:<queue>   list of Celery's messages
-- ARGV[1]  messages looked into; of more of them each counts as one
-- Answers the number.
local length = redis.call('LLEN', KEYS[1])
if length == 0 or length > tonumber(ARGV[1]) then
  return length
end
local steps = length
for _, message in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local also = string.match(message, '"also": (%b[])')
  if also then
    local _, quotes = string.gsub(also, '"', '')
    steps = steps + quotes / 2
  end
end
return steps
