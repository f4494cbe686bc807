-- Reads a token.
-- KEYS: the token under each of its names. Returns, per name, the fencing token that the value was written with and the
-- value; or nil if there is no value.
local result = {}
for i = 1, #KEYS do
  local found = redis.pcall('HMGET', KEYS[i], 'fence', 'value')
  if found.err then
    -- The key has another type, so another program wrote it.
    result[i] = { '0', '' }
  elseif found[2] then
    result[i] = { found[1] or '0', found[2] }
  else
    result[i] = false
  end
end
return result
