-- Writes or removes a token under its first name, unless a later holder of the lock has written. Values under the other
-- names, which belong to other encryption keys, are removed; their fencing token stays until the removal expires.
-- KEYS: per name of the token: token, fence.
-- ARGV: fencing token, or '' without the lock; value, or '' to remove it; expiry in ms, or 0 for none; expiry of a
-- removal in ms.
-- Returns 1 if it was written.
local time = redis.call('TIME')
local limit = time[1] * 1000000 + time[2] + 86400000000
local function number(text)
  local found = type(text) == 'string' and tonumber(text) or 0
  -- A number more than a day ahead was not written by these scripts, and would block all writes.
  return found >= 0 and found < limit and found or 0
end
local written, last = 0, 0
for i = 1, #KEYS, 2 do
  written = math.max(written, number(redis.pcall('HGET', KEYS[i], 'fence')))
  last = math.max(last, number(redis.pcall('GET', KEYS[i + 1])))
end
local fence = ARGV[1] ~= '' and number(ARGV[1]) or math.max(written, last)
if written > fence then
  return 0
end
for i = 1, #KEYS, 2 do
  local value = i == 1 and ARGV[2] or ''
  local expiry = value ~= '' and ARGV[3] or ARGV[4]
  redis.call('DEL', KEYS[i])
  redis.call('HSET', KEYS[i], 'fence', string.format('%.0f', fence))
  if value ~= '' then
    redis.call('HSET', KEYS[i], 'value', value)
  end
  if expiry ~= '0' then
    redis.call('PEXPIRE', KEYS[i], expiry)
  end
end
return 1
