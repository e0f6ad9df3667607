-- KEYS: the session. ARGV: field, value, lifetime (ms), channel, session.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[1] == 'revoked' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
