-- Takes the lock of a token, unless somebody else holds it.
-- KEYS: lock, fence. ARGV: owner, expiry in ms.
-- Gives the fencing token, which is larger than all before it: a number in text; or nothing.
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' and redis.call('PTTL', KEYS[1]) > 0 then
  local owner, fence = string.match(held, '^(%S+) (%d+)$')
  if owner == ARGV[1] then
    return fence
  elseif owner then
    return false
  end
end
-- The time keeps it growing over the loss of all data, the counter over a clock that is set back.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = redis.pcall('GET', KEYS[2])
last = type(last) == 'string' and tonumber(last) or 0
if not (last >= 0 and last < now + 86400000000) then
  last = 0
end
local fence = string.format('%.0f', math.max(now, last + 1))
redis.call('SET', KEYS[2], fence, 'PX', 86400000)
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. fence, 'PX', ARGV[2])
return fence
