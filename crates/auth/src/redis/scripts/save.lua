-- Writes a token, or that there is none, unless a later holder of the lock wrote before.
-- KEYS: token, fence. ARGV: fencing token or '' without the lock, value or '' for none, expiry in ms or 0 for none.
-- Gives 1 if it was written.
local time = redis.call('TIME')
local limit = time[1] * 1000000 + time[2] + 86400000000
local function number(text)
  local found = type(text) == 'string' and tonumber(text) or 0
  -- What is later than tomorrow was not written by the other scripts, and would stay for ever.
  return found >= 0 and found < limit and found or 0
end
local written = number(redis.pcall('HGET', KEYS[1], 'fence'))
local mine = ARGV[1] ~= '' and number(ARGV[1]) or math.max(written, number(redis.pcall('GET', KEYS[2])))
if written > mine then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', mine))
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'value', ARGV[2])
end
if ARGV[3] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
