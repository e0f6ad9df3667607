-- An entry's id is <epoch>-<sequence>: sequences count up from 1 without holes, and <epoch>-0 marks where an epoch begins.
-- Its first field, time, is when it was added; its second, after, is the time of the entry before it. So a stream that went back
-- to an earlier state and was continued otherwise is told from the one that somebody has read.

-- Numbers of this size must not be written as 1.7e+12.
local function text(number)
  return string.format('%.0f', number)
end

-- Epoch, sequence and time of the newest entry.
local function newest(stream)
  local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if not last then
    return nil, nil, nil
  end
  local epoch, sequence = string.match(last[1], '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(sequence), last[2][2]
end

-- Microseconds since 1970, as text.
local function clock()
  local now = redis.call('TIME')
  return now[1] .. string.format('%06d', now[2])
end

-- An epoch is the time at which it began, but always later than any that was ever seen: in milliseconds since 2025, so that it is
-- short, and two systems that are started together do not share one.
local function begin_epoch(stream, known_epoch, last_epoch)
  local time = clock()
  local milliseconds = math.floor(tonumber(time) / 1000) - 1735689600000
  local epoch = math.max(milliseconds, math.max(known_epoch, last_epoch or 0) + 1)
  redis.call('XADD', stream, text(epoch) .. '-0', 'time', time)
  return epoch, time
end
