-- KEYS: the session. ARGV: until (ms), shown (ms), claims, lifetime (ms), channel, session.
-- Of credentials shown before those that are known only a later end counts.
local known = redis.call('HMGET', KEYS[1], 'until', 'shown')
if tonumber(known[1] or '0') < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'until', ARGV[1]) end
if tonumber(known[2] or '0') < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'shown', ARGV[2], 'claims', ARGV[3]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], 'renewed ' .. ARGV[6])
