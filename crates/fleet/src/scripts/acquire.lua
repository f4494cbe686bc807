-- Takes permits from all buckets at once.
-- KEYS: the buckets. ARGV: permits, horizon, and per bucket: interval, burst, permits that were used without asking.
-- Times are in microseconds. Returns when the first permit that was not taken becomes valid, followed by when each
-- permit that was taken does; relative to now.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local permits, horizon = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at, interval, full_in = {}, {}, {}
for i = 1, #KEYS do
  local burst, spent = tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  interval[i] = tonumber(ARGV[3 * i])
  full_in[i] = interval[i] * burst
  local found = redis.pcall('GET', KEYS[i])
  found = type(found) == 'string' and tonumber(found) or now
  -- A value beyond an empty bucket comes from a clock that was set back, or from another program.
  if not (found <= now + full_in[i] + horizon) then
    found = now + full_in[i]
  end
  found = math.max(found, now)
  full_at[i] = math.max(found, math.min(found + interval[i] * spent, now + full_in[i]))
end
local function wait()
  local longest = 0
  for i = 1, #KEYS do
    longest = math.max(longest, full_at[i] + interval[i] - full_in[i] - now)
  end
  return math.ceil(longest)
end
local result = { 0 }
while #result <= permits and wait() <= horizon do
  result[#result + 1] = wait()
  for i = 1, #KEYS do
    full_at[i] = full_at[i] + interval[i]
  end
end
result[1] = wait()
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], string.format('%.2f', full_at[i]), 'PX', math.ceil((full_at[i] - now) / 1000) + 1000)
end
return result
