-- KEYS: token. Gives the fencing token that the value was written with, and the value; or nothing.
local found = redis.pcall('HMGET', KEYS[1], 'fence', 'value')
if found.err then
  -- It is of another type: what was put there is no token of ours.
  return { '0', '' }
elseif found[2] then
  return { found[1] or '0', found[2] }
end
return false
