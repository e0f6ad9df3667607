-- KEYS: the session. ARGV: generation, grace, lifetime (ms), generations kept, channel, session.
-- Answers a SessionUseStatus, the generation of the client's next token, and until when it was authenticated anew (ms, or 0).
-- A generation is replaced when a later one first comes. The clock is Redis' own: servers' clocks differ.
if redis.call('HEXISTS', KEYS[1], 'revoked') == 1 then return {2, 0, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = tonumber(ARGV[1])
local current = tonumber(redis.call('HGET', KEYS[1], 'current') or '0')
if generation > current then
  redis.call('HSET', KEYS[1], 'current', ARGV[1])
  if current > 0 then redis.call('HSET', KEYS[1], 'replaced:' .. current, string.format('%d', now)) end
  redis.call('HDEL', KEYS[1], 'replaced:' .. (current - tonumber(ARGV[4])))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  current = generation
elseif generation < current then
  local at = tonumber(redis.call('HGET', KEYS[1], 'replaced:' .. generation) or '')
  if not at or now - at >= tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'revoked', string.format('%d', now))
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    redis.call('PUBLISH', ARGV[5], ARGV[6])
    return {1, 0, 0}
  end
end
return {0, current + 1, tonumber(redis.call('HGET', KEYS[1], 'until') or '0')}
