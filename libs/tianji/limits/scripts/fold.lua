-- A process has ended and the ledger has all of it: what it had taken and did not spend comes free.
-- KEYS: the counters; ARGV: process, msgpack of, per counter, what all ended processes have settled
local p, s = 'p:' .. ARGV[1], 's:' .. ARGV[1]
local function text(number) return string.format('%.0f', number) end
for i, total in ipairs(cmsgpack.unpack(ARGV[2])) do
  local key = KEYS[i]
  if redis.call('EXISTS', key) == 1 then
    local got = redis.call('HMGET', key, 'sum', 'settled', p, s, 'p:', 's:')
    for field = 1, 6 do got[field] = tonumber(got[field] or 0) end
    local rest_p, rest_s = math.max(total, got[5]), math.max(total, got[6])
    redis.call('HDEL', key, p, s)
    redis.call('HSET', key, 'sum', text(got[1] - got[3] - got[5] + rest_p),
               'settled', text(got[2] - got[4] - got[6] + rest_s),
               'p:', text(rest_p), 's:', text(rest_s))
  end
end
return 1
