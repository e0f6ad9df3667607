-- Leases members and drops those whose lease is over; each change is returned once, to whoever caused it.
-- KEYS: 1 the topics with members, by the end of their last lease
-- ARGV: 1 milliseconds of a lease, 2 how the keys of topics begin, then per member: topic, session
-- Returns: topic, session of who came; topic, session of who went.
local topics, lease, prefix = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local joined, left, seen = {}, {}, {}

local function text(number)
  return string.format('%.0f', number)
end

local function drop_expired(topic)
  local members = prefix .. topic
  for _, session in ipairs(redis.call('ZRANGEBYSCORE', members, '-inf', text(now))) do
    left[#left + 1] = topic
    left[#left + 1] = session
  end
  redis.call('ZREMRANGEBYSCORE', members, '-inf', text(now))
end

for i = 3, #ARGV, 2 do
  local topic, session = ARGV[i], ARGV[i + 1]
  if not seen[topic] then
    seen[topic] = true
    drop_expired(topic)
    redis.call('ZADD', topics, text(now + lease), topic)
  end
  if redis.call('ZADD', prefix .. topic, text(now + lease), session) == 1 then
    joined[#joined + 1] = topic
    joined[#joined + 1] = session
  end
end

-- Topics whose servers have all died: nobody else comes by.
for _, topic in ipairs(redis.call('ZRANGEBYSCORE', topics, '-inf', text(now), 'LIMIT', 0, 100)) do
  drop_expired(topic)
  redis.call('ZREM', topics, topic)
end
return { joined, left }
