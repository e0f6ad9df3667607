-- KEYS: the session. ARGV: generation, now, grace, lifetime (ms), rotate (0 or 1), generations kept, channel, session.
-- Answers a SessionUseStatus and the generation of the client's next token.
if redis.call('HEXISTS', KEYS[1], 'revoked') == 1 then return {2, 0} end
local generation, now = tonumber(ARGV[1]), tonumber(ARGV[2])
local current = tonumber(redis.call('HGET', KEYS[1], 'current') or '0')
if generation >= current then
  if ARGV[5] == '0' then return {0, generation} end
  redis.call('HSET', KEYS[1], 'current', generation + 1, 'replaced:' .. generation, ARGV[2])
  redis.call('HDEL', KEYS[1], 'replaced:' .. (generation - tonumber(ARGV[6])))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return {0, generation + 1}
end
local at = tonumber(redis.call('HGET', KEYS[1], 'replaced:' .. generation) or '')
if at and now - at <= tonumber(ARGV[3]) then return {0, current} end
redis.call('HSET', KEYS[1], 'revoked', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[7], ARGV[8])
return {1, 0}
