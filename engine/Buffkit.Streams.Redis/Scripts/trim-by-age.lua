-- Drops entries that are older than an age; the newest entry stays, since it holds the log's position.
-- KEYS: 1 the stream, 2 the thinned stream behind it, 3 what is lost of that. ARGV: 1 the age in microseconds.
-- Returns: how many were dropped.
local stream, thinned, lost, dropped = KEYS[1], KEYS[2], KEYS[3], 0
local now = redis.call('TIME')
local oldest = tonumber(now[1]) * 1000000 + tonumber(now[2]) - tonumber(ARGV[1])

-- The thinned stream is older than all of the other.
while dropped < 65536 do
  local page = redis.call('XRANGE', thinned, '-', '+', 'COUNT', 64)
  local expired = 0
  for i = 1, #page do
    if (tonumber(page[i][2][2]) or oldest) >= oldest then
      break
    end
    expired = i
  end
  if expired == 0 then
    break
  end
  drop_thinned(thinned, lost, expired)
  dropped = dropped + expired
end

while true do
  local page = redis.call('XRANGE', stream, '-', '+', 'COUNT', 65)
  local expired = 0
  for i = 1, #page - 1 do
    if (tonumber(page[i][2][2]) or oldest) >= oldest then
      break
    end
    expired = i
  end
  if expired == 0 or dropped >= 65536 then
    return dropped
  end
  dropped = dropped + redis.call('XTRIM', stream, 'MINID', '=', page[expired + 1][1])
  redis.call('DEL', lost)
end
