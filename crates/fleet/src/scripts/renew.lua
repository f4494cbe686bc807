-- Holds locks for longer, or gives them back: only one's own.
-- KEYS: locks. ARGV: owner, expiry in ms or 0 to give them back. Gives 1 if all were one's own.
local all = 1
for i = 1, #KEYS do
  local held = redis.pcall('GET', KEYS[i])
  if type(held) ~= 'string' or string.match(held, '^(%S+) %d+$') ~= ARGV[1] then
    all = 0
  elseif ARGV[2] == '0' then
    redis.call('DEL', KEYS[i])
  else
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
return all
