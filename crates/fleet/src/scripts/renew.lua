-- Renews or releases the locks that the owner still holds.
-- KEYS: locks. ARGV: owner, expiry in ms, or 0 to release them. Returns 1 if the owner held all of them.
local held_all = 1
for i = 1, #KEYS do
  local lock = redis.pcall('GET', KEYS[i])
  if type(lock) ~= 'string' or string.match(lock, '^(%S+) %d+$') ~= ARGV[1] then
    held_all = 0
  elseif ARGV[2] == '0' then
    redis.call('DEL', KEYS[i])
  else
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
return held_all
