-- Takes the lock of a token, unless another owner holds it under any of its names.
-- KEYS: per name of the token: lock, fence. ARGV: owner, expiry in ms.
-- Returns the fencing token as text, which is greater than all before under any name; or nil if the lock is held.
local held_fence, held_count = nil, 0
for i = 1, #KEYS, 2 do
  local lock = redis.pcall('GET', KEYS[i])
  if type(lock) == 'string' and redis.call('PTTL', KEYS[i]) > 0 then
    local owner, fence = string.match(lock, '^(%S+) (%d+)$')
    if owner == ARGV[1] then
      held_fence, held_count = fence, held_count + 2
    elseif owner then
      return false
    end
  end
end
if held_count == #KEYS then
  return held_fence
end
-- The time keeps the fencing token growing when all data is lost, the last one when the clock is set back.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local number = now
for i = 2, #KEYS, 2 do
  local last = redis.pcall('GET', KEYS[i])
  last = type(last) == 'string' and tonumber(last) or 0
  if last >= 0 and last < now + 86400000000 then
    number = math.max(number, last + 1)
  end
end
local fence = string.format('%.0f', number)
for i = 1, #KEYS, 2 do
  redis.call('SET', KEYS[i + 1], fence, 'PX', 86400000)
  redis.call('SET', KEYS[i], ARGV[1] .. ' ' .. fence, 'PX', ARGV[2])
end
return fence
