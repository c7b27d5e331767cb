-- Return the epoch of this data set; begin one where there is none, or Redis has started anew:
-- what it held when it went down may have been more than what it kept.
-- KEYS: epoch; ARGV: random, run id
local current = redis.call('GET', KEYS[1])
if current and string.match(current, '[^:]*$') == ARGV[2] then return current end
local time = redis.call('TIME')
local began = string.format('%s.%06d:%s:%s', time[1], time[2], ARGV[1], ARGV[2])
redis.call('SET', KEYS[1], began)
return began
