-- KEYS: the session. ARGV: field, value, lifetime (ms), channel, session. A value before the one that is known changes nothing.
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '')
if not known or known < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[1] == 'revoked' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
