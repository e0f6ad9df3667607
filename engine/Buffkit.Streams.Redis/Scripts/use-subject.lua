-- KEYS: the subject. ARGV: session, issued (ms), sessions kept, lifetime (ms), now (ms; empty for Redis' own clock).
-- Answers 1 where all of the subject's sessions were revoked after the token was made, and this one was not spared.
local known = redis.call('HMGET', KEYS[1], 'before', 'except', 's:' .. ARGV[1])
if known[1] and tonumber(ARGV[2]) < tonumber(known[1]) and known[2] ~= ARGV[1] then return 1 end
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local began = string.match(known[3] or '', '^%d+') or string.format('%d', now)
redis.call('HSET', KEYS[1], 's:' .. ARGV[1], began .. ',' .. string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) + (known[1] and 2 or 0) then
  local oldest, at
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local last = string.sub(all[i], 1, 2) == 's:' and tonumber(string.match(all[i + 1], '%d+$'))
    if last and (not at or last < at) then oldest, at = all[i], last end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
return 0
