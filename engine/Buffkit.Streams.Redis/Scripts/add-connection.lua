-- KEYS: the counts under one key, a field per server: "count:written at". ARGV: this server, its count, now, lifetime of a
-- number (ms), maximum, then the servers that live. Answers whether there is room; writes the count only then.
-- Fields of dead servers are dropped when they are old, not at the first look: a server that has just started is not in
-- everybody's list of the living yet.
local own, count, now, max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local live, total = {}, count
for i = 6, #ARGV do live[ARGV[i]] = true end
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local number, at = string.match(fields[i + 1], '^(%d+):(%d+)$')
  if fields[i] ~= own then
    if live[fields[i]] then total = total + tonumber(number)
    elseif now - tonumber(at) > tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], fields[i]) end
  end
end
if total > max then return 0 end
redis.call('HSET', KEYS[1], own, ARGV[2] .. ':' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
