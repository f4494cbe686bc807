-- Writes a token under its first name, or that there is none, unless a later holder of the lock wrote before. What is
-- there under the other names, which former keys give, is removed: only the fencing token stays for a while.
-- KEYS: of each name of the token: token, fence.
-- ARGV: fencing token or '' without the lock, value or '' for none, expiry in ms or 0 for none, and how long it is known
-- that a value was removed, in ms.
-- Gives 1 if it was written.
local time = redis.call('TIME')
local limit = time[1] * 1000000 + time[2] + 86400000000
local function number(text)
  local found = type(text) == 'string' and tonumber(text) or 0
  -- What is later than tomorrow was not written by the other scripts, and would stay for ever.
  return found >= 0 and found < limit and found or 0
end
local written, last = 0, 0
for i = 1, #KEYS, 2 do
  written = math.max(written, number(redis.pcall('HGET', KEYS[i], 'fence')))
  last = math.max(last, number(redis.pcall('GET', KEYS[i + 1])))
end
local mine = ARGV[1] ~= '' and number(ARGV[1]) or math.max(written, last)
if written > mine then
  return 0
end
for i = 1, #KEYS, 2 do
  local value = i == 1 and ARGV[2] or ''
  local expiry = value ~= '' and ARGV[3] or ARGV[4]
  redis.call('DEL', KEYS[i])
  redis.call('HSET', KEYS[i], 'fence', string.format('%.0f', mine))
  if value ~= '' then
    redis.call('HSET', KEYS[i], 'value', value)
  end
  if expiry ~= '0' then
    redis.call('PEXPIRE', KEYS[i], expiry)
  end
end
return 1
