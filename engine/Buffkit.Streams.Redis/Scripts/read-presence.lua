-- Lists who is on a topic. KEYS: 1 the topic's members. ARGV: 1 most to list. Returns: how many there are, their sessions.
local clock = redis.call('TIME')
local now = '(' .. string.format('%.0f', tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000))
return {
  redis.call('ZCOUNT', KEYS[1], now, '+inf'),
  redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'LIMIT', 0, ARGV[1]),
}
