-- Holds a lock for longer, or gives it back: only one's own.
-- KEYS: lock. ARGV: owner, expiry in ms or 0 to give it back. Gives 1 if it was one's own.
local held = redis.pcall('GET', KEYS[1])
if type(held) ~= 'string' or string.match(held, '^(%S+) %d+$') ~= ARGV[1] then
  return 0
elseif ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
