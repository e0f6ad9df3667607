-- Appends events in order, all or none, once per idempotency key or number of a producer.
-- KEYS: 1 the stream, 2 the thinned stream behind it, 3 what is lost of that, 4 where the answer to an idempotency key, or to a producer's
--       newest number, is kept (optional)
-- ARGV: 1, 2 and 3 epoch, sequence and time of the newest entry that the caller has seen, 4 events to retain, 5 fingerprint of the
--       request, 6 milliseconds to remember the answer, 7 the share of a topic, 8 the producer's number or nothing, then per event:
--       number of texts, field, value, ...
-- Returns: 'appended' or 'held', epoch, first sequence, number of events, time; or 'conflict'; or 'overtaken' and the newest number.
local stream, answer = KEYS[1], KEYS[4]
if answer then
  local held = redis.call('HMGET', answer, 'fingerprint', 'epoch', 'first', 'count', 'number')
  local newest_number, number = tonumber(held[5] or ''), tonumber(ARGV[8])
  if number and newest_number and number > newest_number then
    held = {}
  elseif number and newest_number and (number < newest_number or held[1] ~= ARGV[5]) then
    return { 'overtaken', held[5] }
  end
  if held[1] and held[1] ~= ARGV[5] then
    return { 'conflict' }
  elseif held[1] then
    return { 'held', held[2], held[3], held[4] }
  end
end

local known_epoch, known_sequence, known_time = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local epoch, sequence, before = newest(stream)

-- The stream ends before what the caller has seen of it, or holds something else there: it lost events, and its next ones must
-- not take their ids.
local function has_lost_events()
  if not epoch or epoch < known_epoch then
    return true
  elseif epoch > known_epoch then
    return false
  elseif sequence <= known_sequence then
    return sequence < known_sequence or (known_time ~= '0' and before ~= known_time)
  end
  local position = ARGV[1] .. '-' .. ARGV[2]
  local seen = redis.call('XRANGE', stream, position, position)[1]
  -- Trimmed since, it says nothing.
  return seen and known_time ~= '0' and seen[2][2] ~= known_time
end

if has_lost_events() then
  epoch, before = begin_epoch(stream, known_epoch, epoch)
  sequence = 0
end

local time = clock()
local count, at = 0, 9
while ARGV[at] do
  local size = tonumber(ARGV[at])
  count = count + 1
  redis.call('XADD', stream, text(epoch) .. '-' .. text(sequence + count), 'time', time, 'after', before, unpack(ARGV, at + 1, at + size))
  before = time
  at = at + size + 1
end

-- Last: a Redis that is full refuses the first event, but nothing more once a script has written something, a trim included.
retain(stream, KEYS[2], KEYS[3], count, tonumber(ARGV[4]), tonumber(ARGV[7]))

local first = text(sequence + 1)
if answer then
  redis.call('HSET', answer, 'fingerprint', ARGV[5], 'epoch', text(epoch), 'first', first, 'count', count)
  if ARGV[8] == '' then
    redis.call('PEXPIRE', answer, ARGV[6])
  else
    redis.call('HSET', answer, 'number', ARGV[8])
  end
end
return { 'appended', text(epoch), first, count, before }
