-- Begins a new epoch, unless one later than the caller's has begun already.
-- KEYS: 1 the stream. ARGV: 1 the caller's epoch. Returns: epoch, sequence and time of the newest entry.
local known_epoch = tonumber(ARGV[1])
local epoch, sequence, time = newest(KEYS[1])
if not epoch or epoch <= known_epoch then
  epoch, time = begin_epoch(KEYS[1], known_epoch, epoch)
  sequence = 0
end
return { text(epoch), text(sequence), time }
