-- KEYS: a token under each of its names. Gives, for each name, the fencing token that the value was written with, and the
-- value; or nothing.
local all = {}
for i = 1, #KEYS do
  local found = redis.pcall('HMGET', KEYS[i], 'fence', 'value')
  if found.err then
    -- It is of another type: what was put there is no token of ours.
    all[i] = { '0', '' }
  elseif found[2] then
    all[i] = { found[1] or '0', found[2] }
  else
    all[i] = false
  end
end
return all
