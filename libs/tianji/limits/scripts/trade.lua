-- One message of a gateway process: tells what it has taken, asks for more.
-- KEYS: epoch, the process' sequence, alive, then one per op, then two per op on a part: its own, and who asks
-- ARGV: process, sequence, epoch, barrier in s, seconds that a process is alive, msgpack of the ops
local process, epoch = ARGV[1], ARGV[3]
local current = redis.call('GET', KEYS[1])
if current ~= epoch then return cmsgpack.pack({'epoch'}) end
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if last >= tonumber(ARGV[2]) then return cmsgpack.pack({'stale', last}) end
redis.call('SET', KEYS[2], ARGV[2], 'EX', 86400)

local GRANTED, REFUSED, UNKNOWN, WAITING = 0, 1, 2, 3
local KEEP_S, SURE_S = 35 * 86400, 30 * 86400
local ASKS_MS = 1000
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local now_ms = math.floor(now * 1000)
local began = tonumber(string.match(epoch, '^[^:]+'))
local waiting = now < began + tonumber(ARGV[4])
redis.call('ZADD', KEYS[3], now, process)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[5]))
local live = redis.call('ZCARD', KEYS[3])

local function text(number) return string.format('%.0f', number) end
local function number(found) return tonumber(found or 0) end

-- Large while there is plenty, exactly what is needed at the end.
local function slice(room, want, need)
  return math.min(room, math.max(need, math.min(want, math.floor(room / (2 * live)))))
end

-- Processes that wait for a budget, and what those ahead of this one wait for: who came first is served first,
-- also where another one gets back what it held.
local function line(written)
  local waiters = {}
  for name, since, asked, least in string.gmatch(written or '', '(%S+) (%d+) (%d+) (%d+)\n') do
    if now_ms - asked <= ASKS_MS then waiters[name] = {tonumber(since), tonumber(asked), tonumber(least)} end
  end
  local since, ahead, others = waiters[process] and waiters[process][1] or now_ms, 0, 0
  for name, waiter in pairs(waiters) do
    if name ~= process then
      others = 1
      if waiter[1] < since then ahead = ahead + waiter[3] end
    end
  end
  return waiters, since, ahead, others
end

local function written(waiters)
  local lines = {}
  for name, waiter in pairs(waiters) do
    lines[#lines + 1] = name .. ' ' .. text(waiter[1]) .. ' ' .. text(waiter[2]) .. ' ' .. text(waiter[3]) .. '\n'
  end
  return table.concat(lines)
end

local function budget(key, op)
  local taken, settled, want, need, least, limit = op[2], op[3], op[4], op[5], op[6], op[7]
  local starts, first, expires_at, soft = op[8], op[9], op[10], op[11]
  local p, s = 'p:' .. process, 's:' .. process
  local got = redis.call('HMGET', key, 'full', 'sum', 'settled', p, s, 'told', 'line')
  local held, held_settled, base, base_settled = number(got[4]), number(got[5]), 0, 0
  local from_start = starts >= began and starts > now - SURE_S
  local full = got[1] == epoch or from_start
  if first and full then
    base, base_settled = held, held_settled
    taken, settled = taken + base, settled + base_settled
  elseif first then
    -- What the ledger has of this process is still to come, and is part of its base.
    base, base_settled = -1, -1
    taken, settled = math.max(taken, held), math.max(settled, held_settled)
  end
  local sum = number(got[2]) - held + taken
  local all_settled = number(got[3]) - held_settled + settled
  local verdict, granted, told = GRANTED, 0, 0
  local waiters, since, ahead, others = line(got[7])
  if want > 0 then
    local room = limit - sum - ahead
    waiters[process] = nil
    -- The ledger is asked when the waiting is over: by then it has what died with a process that could
    -- not tell this data set any more.
    if waiting and not from_start then verdict = WAITING
    elseif not full then verdict = UNKNOWN
    elseif room >= least then granted = slice(room, want, need)
    else
      verdict = REFUSED
      if least <= limit - all_settled then waiters[process] = {since, now_ms, least} end
    end
  end
  if next(waiters) then redis.call('HSET', key, 'line', written(waiters))
  elseif got[7] then redis.call('HDEL', key, 'line') end
  sum = sum + granted
  redis.call('HSET', key, 'sum', text(sum), 'settled', text(all_settled),
             p, text(taken + granted), s, text(settled))
  if full and got[1] ~= epoch then redis.call('HSET', key, 'full', epoch) end
  if soft > 0 and full and all_settled >= soft and not got[6] then
    redis.call('HSET', key, 'told', 1)
    told = 1
  end
  if expires_at > 0 then redis.call('EXPIREAT', key, expires_at) else redis.call('EXPIRE', key, KEEP_S) end
  return {verdict, granted, sum, all_settled, base, base_settled, told, others}
end

-- What is still counted of a sliding limit, by slot and in all; what two have told of is counted once.
local function counted(key, age, size)
  local slots, used = {}, 0
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local mark, index = string.match(all[i], '^([sx])(%d+)$')
    if mark then
      index = tonumber(index)
      if age(index) <= 0 then
        redis.call('HDEL', key, all[i])
      else
        local amount, other = tonumber(all[i + 1]), slots[index]
        if other and (index + 1) * size <= began * 1000 then
          slots[index] = math.max(amount, other)
        else
          slots[index] = amount + (other or 0)
        end
      end
    end
  end
  for _, amount in pairs(slots) do used = used + amount end
  return slots, used
end

-- What goes back is in what was granted, or in what was told anew after a loss.
local function hear(key, slot, add, returns, history)
  if add > 0 then redis.call('HINCRBY', key, 's' .. text(slot), text(add)) end
  for _, was in ipairs(history) do redis.call('HINCRBY', key, 'x' .. text(was[1]), text(was[2])) end
  for _, back in ipairs(returns) do
    local left = back[2]
    for _, mark in ipairs({'s', 'x'}) do
      local field = mark .. text(back[1])
      local there = number(redis.call('HGET', key, field))
      if there > 0 then
        redis.call('HSET', key, field, text(math.max(0, there - left)))
        left = math.max(0, left - there)
      end
    end
  end
end

-- `part` is {name, reserved, open below, even}, and nil for a limit that is not divided: then its key is
-- `part_key` as well.
local function rate(key, op, part_key, active_key)
  local want, need, least, limit, per, size = op[2], op[3], op[4], op[5], op[6], op[7]
  local lease, long_lease, add, returns, history, part, most = op[8], op[9], op[10], op[11], op[12], op[13], op[14]
  local slot, divided = math.floor(now_ms / size), type(part) == 'table'
  local places = divided and {key, part_key} or {key}
  local lasts = per + long_lease + lease + 2 * size
  local function age(index) return (index + 1) * size + lease + per - now_ms end
  local parts = 1
  if divided and part[4] then
    if want > 0 then redis.call('ZADD', active_key, now_ms, part[1]) end
    redis.call('ZREMRANGEBYSCORE', active_key, '-inf', now_ms - per)
    redis.call('PEXPIRE', active_key, per)
    parts = math.max(1, redis.call('ZCARD', active_key))
  end
  local mark = 'r:' .. process
  local told = type(history) == 'table' and redis.call('HGET', part_key, mark) ~= epoch
  for _, place in ipairs(places) do hear(place, slot, add, returns, told and history or {}) end
  if told then redis.call('HSET', part_key, mark, epoch) end
  local slots, used = counted(key, age, size)
  local own, mine = slots, used
  if divided then own, mine = counted(part_key, age, size) end
  local function room(used, mine)
    if not divided then return limit - used end
    local reserved = part[4] and math.floor(limit / parts) or part[2]
    return math.min(limit - used, math.max(reserved - mine, part[3] - used))
  end
  local function frees(used, mine)
    if room(used, mine) >= least then return lease end
    local order = {}
    for index in pairs(slots) do order[#order + 1] = index end
    table.sort(order)
    for _, index in ipairs(order) do
      used, mine = used - slots[index], mine - (own[index] or 0)
      if room(used, mine) >= least then return age(index) end
    end
    return per
  end
  local verdict, granted, at, wait = GRANTED, 0, slot, 0
  if want > 0 then
    if math.min(room(used, mine), most) < least then
      verdict, wait = REFUSED, frees(used, mine)
    else
      granted = slice(math.min(room(used, mine), most), want, need)
      if (used + granted) * 2 <= limit then
        at = math.floor((now_ms + long_lease - lease) / size)
      end
      for _, place in ipairs(places) do redis.call('HINCRBY', place, 's' .. text(at), text(granted)) end
      used, mine = used + granted, mine + granted
    end
  end
  for _, place in ipairs(places) do redis.call('PEXPIRE', place, lasts) end
  return {verdict, granted, slot, at, used, wait, divided and mine or 0, parts}
end

local function parallel(key, op)
  local taken, want, need, least, limit, expire, most = op[2], op[3], op[4], op[5], op[6], op[7], op[8]
  local mine = 'h:' .. process
  local sum = taken
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if all[i] ~= mine then
      local slots, expires = string.match(all[i + 1], '^(%d+):(%d+)$')
      if tonumber(expires) <= now_ms then redis.call('HDEL', key, all[i])
      else sum = sum + tonumber(slots) end
    end
  end
  local verdict, granted = GRANTED, 0
  if want > 0 then
    local room = math.min(limit - sum, most)
    if room < least then verdict = REFUSED
    else granted = slice(room, want, need) end
  end
  if taken + granted > 0 then
    redis.call('HSET', key, mine, text(taken + granted) .. ':' .. text(now_ms + expire))
    redis.call('PEXPIRE', key, expire + 60000)
  else
    redis.call('HDEL', key, mine)
  end
  return {verdict, granted, sum + granted}
end

local kinds = {b = budget, r = rate, p = parallel}
local replies, ops = {}, cmsgpack.unpack(ARGV[6])
local more = 3 + #ops
for i, op in ipairs(ops) do
  local key = KEYS[3 + i]
  if op[1] == 'r' and type(op[13]) == 'table' then
    replies[i] = rate(key, op, KEYS[more + 1], KEYS[more + 2])
    more = more + 2
  else
    replies[i] = kinds[op[1]](key, op, key)
  end
end
return cmsgpack.pack({'done', live, now_ms, replies})
