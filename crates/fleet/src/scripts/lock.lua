-- Takes the lock of a token, unless another process holds it under any of its names.
-- KEYS: of each name of the token: lock, fence. ARGV: owner, expiry in ms.
-- Gives the fencing token, which is larger than all before it under any name: a number in text; or nothing.
local mine, count = nil, 0
for i = 1, #KEYS, 2 do
  local held = redis.pcall('GET', KEYS[i])
  if type(held) == 'string' and redis.call('PTTL', KEYS[i]) > 0 then
    local owner, fence = string.match(held, '^(%S+) (%d+)$')
    if owner == ARGV[1] then
      mine, count = fence, count + 2
    elseif owner then
      return false
    end
  end
end
if count == #KEYS then
  return mine
end
-- The time keeps it growing over the loss of all data, the counter over a clock that is set back.
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
