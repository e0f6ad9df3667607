-- Begins a new epoch, unless one later than the caller's has begun already.
-- KEYS: 1 the stream. ARGV: 1 the caller's epoch, 2 the partition. Returns: the epoch that now is, the last sequence in it.
local known_epoch = tonumber(ARGV[1])
local epoch, sequence = last_position(KEYS[1])
if not epoch or epoch <= known_epoch then
  epoch, sequence = begin_epoch(KEYS[1], tonumber(ARGV[2]), known_epoch, epoch), 0
end
return { text(epoch), text(sequence) }
