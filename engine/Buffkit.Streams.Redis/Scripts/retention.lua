-- Keeps what is retained to a number of events. A topic that takes more than its share of them (those with the same first two
-- segments count as one) gives up its own oldest events first: those of others move on from the stream, which has no holes, into
-- the thinned stream behind it. A hash says of the latter: floor, the position up to which anything may be lost, and for each
-- topic that gave up events, topic:<first two segments>, the last one's position.

-- A share is known to a few hundredths.
local SAMPLES = 64
-- Topics that are remembered as having lost events.
local MAX_LOST = 64

-- Positions as texts, compared as the numbers that they are.
local function is_before(one, other)
  local epoch, sequence = string.match(one, '^(%d+)-(%d+)$')
  local other_epoch, other_sequence = string.match(other, '^(%d+)-(%d+)$')
  if epoch ~= other_epoch then
    return tonumber(epoch) < tonumber(other_epoch)
  end
  return tonumber(sequence) < tonumber(other_sequence)
end

local function root_of(entry)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'topic' then
      return string.match(fields[i + 1], '^[^/]*/[^/]*') or fields[i + 1]
    end
  end
  return nil
end

-- The topics that take more than a share of the events retained, by a sample of the stream.
local function noisy_topics(stream, allowed)
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local epoch, last = newest(stream)
  local first_epoch, first = string.match(oldest[1], '^(%d+)-(%d+)$')
  first = tonumber(first_epoch) == epoch and tonumber(first) or 0
  local seen, noisy, any = {}, {}, false
  for i = 0, SAMPLES - 1 do
    local position = text(epoch) .. '-' .. text(first + math.floor((last - first) * i / (SAMPLES - 1)))
    local entry = redis.call('XRANGE', stream, position, '+', 'COUNT', 1)[1]
    local root = entry and root_of(entry)
    if root then
      seen[root] = (seen[root] or 0) + 1
    end
  end
  for root, count in pairs(seen) do
    if count / SAMPLES * (last - first + 1) > allowed then
      noisy[root], any = true, true
    end
  end
  return any and noisy
end

local function lose(lost, root, position)
  redis.call('HSET', lost, 'topic:' .. root, position)
  if redis.call('HLEN', lost) <= MAX_LOST + 1 then
    return
  end
  -- Forgotten is lost for all.
  local all, furthest = redis.call('HGETALL', lost), nil
  for i = 1, #all, 2 do
    if all[i] ~= 'floor' and (not furthest or is_before(all[i + 1], all[furthest + 1])) then
      furthest = i
    end
  end
  redis.call('HDEL', lost, all[furthest])
  if is_before(redis.call('HGET', lost, 'floor'), all[furthest + 1]) then
    redis.call('HSET', lost, 'floor', all[furthest + 1])
  end
end

-- Gives up the oldest events of the thinned stream.
local function drop_thinned(thinned, lost, count)
  local page = redis.call('XRANGE', thinned, '-', '+', 'COUNT', count)
  redis.call('XTRIM', thinned, 'MAXLEN', '=', math.max(redis.call('XLEN', thinned) - #page, 0))
  if #page > 0 and is_before(redis.call('HGET', lost, 'floor') or '0-0', page[#page][1]) then
    redis.call('HSET', lost, 'floor', page[#page][1])
  end
end

-- Moves the oldest events on, but for those of noisy topics.
local function thin(stream, thinned, lost, noisy, count)
  local page = redis.call('XRANGE', stream, '-', '+', 'COUNT', count + 1)
  for i = 1, #page - 1 do
    local entry = page[i]
    local root = root_of(entry)
    if redis.call('HSETNX', lost, 'floor', '0-0') == 1 then
      local epoch, sequence = string.match(entry[1], '^(%d+)-(%d+)$')
      redis.call('HSET', lost, 'floor', epoch .. '-' .. text(math.max(tonumber(sequence) - 1, 0)))
    end
    if not root and not string.find(entry[1], '-0$') then
      -- No event: a gap in the stream, and for all behind it.
      redis.call('HSET', lost, 'floor', entry[1])
    elseif root and noisy[root] then
      lose(lost, root, entry[1])
    elseif root then
      redis.call('XADD', thinned, entry[1], unpack(entry[2]))
    end
  end
  redis.call('XTRIM', stream, 'MINID', '=', page[#page][1])
end

-- Makes room after events were added.
-- added: how many; retained: events to retain, of all topics; share: of one topic, 0 where there is none.
local function retain(stream, thinned, lost, added, retained, share)
  local length, kept = redis.call('XLEN', stream), redis.call('XLEN', thinned)
  -- Many at a time: a look at the sample is not for each event.
  local step = math.max(math.min(math.floor(retained / 64), 1000), 1)
  if length + kept <= retained + step then
    return
  end
  local noisy = share > 0 and share < 1 and noisy_topics(stream, share * retained)
  if not noisy and kept == 0 then
    redis.call('XTRIM', stream, 'MAXLEN', '~', retained)
    redis.call('DEL', lost)
    return
  end
  -- Events of others move without making room: more of them than were added, so that those of the noisy topic are reached, but
  -- not so many that anybody waits for it.
  local left = math.max(4 * added, step)
  while left > 0 and length + kept > retained do
    -- Few at a time: a page of large events is held in memory.
    local count = math.min(step, 64, length + kept - retained)
    if noisy and length > count then
      thin(stream, thinned, lost, noisy, count)
    else
      drop_thinned(thinned, lost, count)
    end
    length, kept, left = redis.call('XLEN', stream), redis.call('XLEN', thinned), left - count
    if kept == 0 and not noisy then
      return
    end
  end
end
