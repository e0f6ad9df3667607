-- Appends events in order, all or none, once per idempotency key.
-- KEYS: 1 the stream, 2 where the answer to an idempotency key is kept (optional)
-- ARGV: 1 and 2 the newest position that the caller has seen, 3 events to retain, 4 fingerprint of the request,
--       5 milliseconds to remember the answer, 6 the partition, then per event: number of texts, field, value, field, value ...
-- Returns: 'appended' or 'held', epoch, first sequence, number of events; or 'conflict'.
local stream, answer = KEYS[1], KEYS[2]
if answer then
  local held = redis.call('HMGET', answer, 'fingerprint', 'epoch', 'first', 'count')
  if held[1] and held[1] ~= ARGV[4] then
    return { 'conflict' }
  elseif held[1] then
    return { 'held', held[2], held[3], held[4] }
  end
end

local known_epoch, known_sequence = tonumber(ARGV[1]), tonumber(ARGV[2])
local epoch, sequence = last_position(stream)
-- The stream ends before what somebody has seen of it: it lost events, and its next ones must not take their ids.
if not epoch or epoch < known_epoch or (epoch == known_epoch and sequence < known_sequence) then
  epoch, sequence = begin_epoch(stream, tonumber(ARGV[6]), known_epoch, epoch), 0
end

local time = clock()
local count, at = 0, 7
while ARGV[at] do
  local size = tonumber(ARGV[at])
  count = count + 1
  redis.call('XADD', stream, text(epoch) .. '-' .. text(sequence + count), 'time', time, unpack(ARGV, at + 1, at + size))
  at = at + size + 1
end
redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[3])

local first = text(sequence + 1)
if answer then
  redis.call('HSET', answer, 'fingerprint', ARGV[4], 'epoch', text(epoch), 'first', first, 'count', count)
  redis.call('PEXPIRE', answer, ARGV[5])
end
return { 'appended', text(epoch), first, count }
