-- KEYS: the session. ARGV: generation, issued (ms), grace (ms), late answer and grace (ms), tokens kept, lifetime (ms), channel,
-- session, now (ms; empty for Redis' own clock, since servers' clocks differ).
-- Answers a SessionUseStatus, the generation of the client's next token, and of the credentials shown last the end (ms, or 0 for
-- none), when they were shown (ms) and their claims, and when the next token is made (ms), since servers' clocks differ.
-- TokenUses.cs says what is looked for and why.
if redis.call('HEXISTS', KEYS[1], 'revoked') == 1 then return {2, 0, 0, 0, '', 0} end
local now = tonumber(ARGV[9])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local generation, made, grace, late = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', KEYS[1], 'issued', 'replacing', 'forgotten', 'uses', 'until', 'shown', 'claims')
local issued = math.max(tonumber(known[1] or '0'), generation)
local replacing, forgotten = tonumber(known[2] or '0'), tonumber(known[3] or '-1')
local uses, own, overtaking = {}, nil, forgotten
for g, i, f, l, b in string.gmatch(known[4] or '', '(%d+),(%d+),(%d+),(%d+),(%d+);') do
  local use = {generation = tonumber(g), issued = tonumber(i), first = tonumber(f), last = tonumber(l), before = tonumber(b)}
  table.insert(uses, use)
  if now - use.first >= grace and use.generation > replacing then replacing = use.generation end
  if use.generation == generation then own = use
  elseif now - use.issued > late and use.last > overtaking then overtaking = use.last end
end

if (own and own.before < replacing) or (overtaking >= 0 and overtaking - made > late) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'revoked', string.format('%d', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('PUBLISH', ARGV[7], 'revoked ' .. ARGV[8])
  return {1, 0, 0, 0, '', 0}
end

if own then own.last = now
else table.insert(uses, {generation = generation, issued = made, first = now, last = now, before = issued}) end

local last = forgotten
for _, use in ipairs(uses) do
  if now - use.issued > late and use.last > last then last = use.last end
end
local kept, oldest = {}, nil
for _, use in ipairs(uses) do
  if use.last ~= last and last - use.issued > late then
    if use.last > forgotten then forgotten = use.last end
  else
    table.insert(kept, use)
    if not oldest or use.last < kept[oldest].last then oldest = #kept end
  end
end
if #kept > tonumber(ARGV[5]) then table.remove(kept, oldest) end
for at, use in ipairs(kept) do
  kept[at] = string.format('%d,%d,%d,%d,%d;', use.generation, use.issued, use.first, use.last, use.before)
end

issued = issued + 1
redis.call('HSET', KEYS[1], 'issued', string.format('%d', issued), 'replacing', string.format('%d', replacing),
  'forgotten', string.format('%d', forgotten), 'uses', table.concat(kept))
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return {0, issued, tonumber(known[5] or '0'), tonumber(known[6] or '0'), known[7] or '', now}
