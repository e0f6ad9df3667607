-- KEYS: the subject. ARGV: a session that goes on (or empty), lifetime (ms), channel, the subject's hash, now (ms; empty for Redis' own clock).
-- Answers the sessions that were listed and end.
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local ended = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 's:' and string.sub(field, 3) ~= ARGV[1] then
    table.insert(ended, string.sub(field, 3))
    redis.call('HDEL', KEYS[1], field)
  end
end
redis.call('HSET', KEYS[1], 'before', string.format('%d', now), 'except', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], 'subject ' .. ARGV[4] .. (ARGV[1] ~= '' and ' ' .. ARGV[1] or ''))
return ended
