-- Write what the ledger knows of counters; what gateways have told stays where it is more.
-- KEYS: epoch, then the counters
-- ARGV: msgpack of, per counter, {expires at or 0, {{process, settled}, ...}}
local epoch = redis.call('GET', KEYS[1])
if not epoch then return 0 end
local function text(number) return string.format('%.0f', number) end
for i, counter in ipairs(cmsgpack.unpack(ARGV[1])) do
  local key = KEYS[1 + i]
  local got = redis.call('HMGET', key, 'sum', 'settled')
  local sum, settled = tonumber(got[1] or 0), tonumber(got[2] or 0)
  for _, known in ipairs(counter[2]) do
    local process, amount = known[1], known[2]
    local had = redis.call('HMGET', key, 'p:' .. process, 's:' .. process)
    local p, s = tonumber(had[1] or 0), tonumber(had[2] or 0)
    if amount > p then
      sum = sum + amount - p
      redis.call('HSET', key, 'p:' .. process, text(amount))
    end
    if amount > s then
      settled = settled + amount - s
      redis.call('HSET', key, 's:' .. process, text(amount))
    end
  end
  redis.call('HSET', key, 'sum', text(sum), 'settled', text(settled), 'full', epoch)
  if counter[1] > 0 then redis.call('EXPIREAT', key, counter[1])
  else redis.call('EXPIRE', key, 35 * 86400) end
end
return 1
