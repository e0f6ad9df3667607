-- KEYS: the session. ARGV: now (ms), lifetime (ms), channel, session. Nothing but the revocation is kept.
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'revoked', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], 'revoked ' .. ARGV[4])
