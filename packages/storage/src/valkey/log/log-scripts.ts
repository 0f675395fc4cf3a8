import { createScript } from '../valkey-script.ts';
import type { ValkeyScript } from '../valkey-script.ts';

/** Bytes that an entry counts for beside its data, as in the log in memory. */
export const ENTRY_OVERHEAD_BYTES = 128;

const CLOCK = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
`;

/**
 * Gives `epoch`, and `seq`, the last sequence of the tenant (LOG-4). The history that a server tells is another one as
 * soon as it has another replication id, which it gets when it starts and when it is promoted: then what was
 * acknowledged may be lost, and its sequences might be given again. So they begin anew at the time in microseconds, which
 * is above all that were ever given as long as a tenant has less than a million messages a second.
 */
const EPOCH = `
local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local known = redis.call('HMGET', KEYS[1], 'seq', 'start', 'history')
local seq, start = tonumber(known[1]), known[2]
if known[3] ~= history then
  seq = math.max((seq or 0) + 1, time[1] * 1000000 + time[2])
  start = text(seq)
  redis.call('HSET', KEYS[1], 'seq', start, 'start', start, 'history', history)
end
local epoch = string.sub(redis.sha1hex(start .. history), 1, 16)
`;

/**
 * Stores an entry (LOG-6): de-duplicates, compares, gives the sequence, adds, makes room.
 * Keys: state, entries, figures, channels, seen, rooms. Values: data, how long an id is remembered, the expected sequence or
 * -1, the profile's messages, age and bytes, the channel, the room, the user. Gives what was done, the sequence, the one
 * before, the epoch. The figure `cut` is the last sequence that was lost to the bounds.
 */
export const appendScript: ValkeyScript = createScript(
  '',
  `${CLOCK}${EPOCH}
local entries, figures, channels, seen = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local data, expected = ARGV[1], ARGV[3]
local maxMessages, maxAgeMs, maxBytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local first = redis.call('GET', seen)
if first then return {'duplicate', first, '0', epoch} end

if expected ~= '-1' then
  local newest = redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1]
  local last = newest and string.match(newest[1], '%d+') or '0'
  if last ~= expected then return {'conflict', last, '0', epoch} end
end

local kept = redis.call('HMGET', figures, 'last', 'bytes', 'at')
local prev, bytes = kept[1] or '0', (tonumber(kept[2]) or 0) + #data + ${ENTRY_OVERHEAD_BYTES}
-- Never back: windows of time are read by it.
local atMs = math.max(nowMs, tonumber(kept[3]) or 0)
seq = seq + 1
redis.call('XADD', entries, text(seq) .. '-0', 'data', data, 'at', text(atMs), 'prev', prev, 'by', ARGV[9])
redis.call('HSET', KEYS[1], 'seq', text(seq))

local left, from, cut = redis.call('XLEN', entries), '-', nil
while left > 1 do
  local oldest = redis.call('XRANGE', entries, from, '+', 'COUNT', 1)[1]
  if left <= maxMessages and bytes <= maxBytes and oldest[2][4] + maxAgeMs > nowMs then break end
  left, bytes = left - 1, bytes - #oldest[2][2] - ${ENTRY_OVERHEAD_BYTES}
  cut = string.match(oldest[1], '%d+')
  from = '(' .. oldest[1]
end
if cut then
  redis.call('XTRIM', entries, 'MINID', '=', cut .. '-1')
  redis.call('HSET', figures, 'cut', cut)
end

redis.call('HSET', figures, 'last', text(seq), 'bytes', text(bytes), 'at', text(atMs))
redis.call('PEXPIRE', entries, maxAgeMs)
redis.call('PEXPIRE', figures, maxAgeMs)
local function list(names, name)
  redis.call('ZADD', names, text(atMs + maxAgeMs), name)
  redis.call('ZREMRANGEBYSCORE', names, '-inf', text(nowMs))
  if redis.call('PTTL', names) < maxAgeMs then redis.call('PEXPIRE', names, maxAgeMs) end
end
list(channels, ARGV[7])
list(KEYS[6], ARGV[8])
redis.call('SET', seen, text(seq), 'PX', ARGV[2])
return {'stored', text(seq), prev, epoch}
`,
);

/** Entries looked at by one run: a script that runs for long holds everybody up. */
const SCANNED = 1_000;

/**
 * Reads a page. Keys: entries, figures. Values: after and before which sequence (0 = no bound), since and until when, the order,
 * the limit, bytes of a page (one entry comes always), the profile's age. Gives where to go on, 0 = the end was reached,
 * and of each entry the sequence, the one before, the time and the data. What was erased is no predecessor: oldest first, the one
 * before is the one that is there, or the position behind which nothing was lost.
 */
export const readScript: ValkeyScript = createScript(
  'no-writes',
  `${CLOCK}
local entries, order, limit, maxBytes = KEYS[1], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local low = ARGV[1] == '0' and '-' or '(' .. ARGV[1] .. '-0'
local high = ARGV[2] == '0' and '+' or '(' .. ARGV[2] .. '-0'
local sinceMs, untilMs = math.max(tonumber(ARGV[3]), nowMs - ARGV[8] + 1), tonumber(ARGV[4])
local isNewest = order == 'newest'
local found, bytes, scanned, last = {}, 0, 0, '0'
local cut, prev = tonumber(redis.call('HMGET', KEYS[2], 'cut')[1]), nil
if cut and not isNewest then prev = (cut < 0 and ARGV[1] == '0') and '0' or text(math.max(ARGV[1], math.abs(cut))) end
while scanned < ${SCANNED} do
  local batch = isNewest and redis.call('XREVRANGE', entries, high, low, 'COUNT', 16)
    or redis.call('XRANGE', entries, low, high, 'COUNT', 16)
  if #batch == 0 then return {'0', found} end
  for _, entry in ipairs(batch) do
    local data, atMs = entry[2][2], tonumber(entry[2][4])
    if atMs >= sinceMs and atMs < untilMs then
      if #found > 0 and bytes + #data > maxBytes then return {last, found} end
      bytes = bytes + #data
      found[#found + 1] = {string.match(entry[1], '%d+'), prev or entry[2][6], entry[2][4], data}
      if #found >= limit then return {'0', found} end
    elseif (isNewest and atMs < sinceMs) or (not isNewest and atMs >= untilMs) then
      return {'0', found}
    end
    last = string.match(entry[1], '%d+')
    if not isNewest then prev = last end
  end
  scanned = scanned + #batch
  if isNewest then high = '(' .. last .. '-0' else low = '(' .. last .. '-0' end
end
return {last, found}
`,
);

/** Keys: state, entries, figures. Values: the profile's age. Gives the epoch, the first and the last sequence. */
export const positionScript: ValkeyScript = createScript(
  'allow-oom',
  `${CLOCK}${EPOCH}
local from, first = '-', '0'
while first == '0' do
  local oldest = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 1)[1]
  if not oldest then break end
  if oldest[2][4] + ARGV[1] > nowMs then first = string.match(oldest[1], '%d+') end
  from = '(' .. oldest[1]
end
return {epoch, first, redis.call('HMGET', KEYS[3], 'last')[1] or '0'}
`,
);

/** Keys: rooms. Gives those that hold something. */
export const roomsScript: ValkeyScript = createScript(
  'allow-oom',
  `${CLOCK}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. text(nowMs), '+inf')
`,
);

/**
 * Takes entries out (LOG-15). Keys: entries, figures, channels. Values: the user or '', before which time, behind which
 * sequence, the channel. Gives how many, and the sequence from which to go on, 0 = the end was reached. A negative `cut` says
 * that nothing was before the first entry, as far as anybody can know.
 */
export const eraseScript: ValkeyScript = createScript(
  'allow-oom',
  `${CLOCK}
local entries, figures, user, beforeMs = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local known = redis.call('HMGET', figures, 'bytes', 'cut')
local bytes, erased, scanned, last = tonumber(known[1]), 0, 0, ARGV[3]
local oldest = redis.call('XRANGE', entries, '-', '+', 'COUNT', 1)[1]
if bytes and oldest and not known[2] then
  local prev = oldest[2][6]
  redis.call('HSET', figures, 'cut', prev ~= '0' and prev or text(1 - tonumber(string.match(oldest[1], '%d+'))))
end
while scanned < ${SCANNED} do
  local batch = redis.call('XRANGE', entries, '(' .. last .. '-0', '+', 'COUNT', 16)
  if #batch == 0 then last = '0' break end
  for _, entry in ipairs(batch) do
    last = string.match(entry[1], '%d+')
    if (user == '' or entry[2][8] == user) and tonumber(entry[2][4]) < beforeMs then
      erased = erased + redis.call('XDEL', entries, entry[1])
      if bytes then bytes = bytes - #entry[2][2] - ${ENTRY_OVERHEAD_BYTES} end
    end
  end
  scanned = scanned + #batch
end
if bytes then redis.call('HSET', figures, 'bytes', text(bytes)) end
if redis.call('XLEN', entries) == 0 then redis.call('ZREM', KEYS[3], ARGV[4]) end
return {text(erased), last}
`,
);

/** Keys: state, channels. Gives the epoch and the channels that hold something. */
export const channelsScript: ValkeyScript = createScript(
  'allow-oom',
  `${CLOCK}${EPOCH}
return {epoch, redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. text(nowMs), '+inf')}
`,
);

/** Keys: entries, figures, channels. Values: before which sequence, the channel. */
export const trimScript: ValkeyScript = createScript(
  'allow-oom',
  `
local entries, figures, before = KEYS[1], KEYS[2], ARGV[1] .. '-0'
local bytes, from = tonumber(redis.call('HMGET', figures, 'bytes')[1]), '-'
while bytes do
  local batch = redis.call('XRANGE', entries, from, '(' .. before, 'COUNT', 16)
  if #batch == 0 then break end
  for _, entry in ipairs(batch) do
    bytes = bytes - #entry[2][2] - ${ENTRY_OVERHEAD_BYTES}
    from = '(' .. entry[1]
    redis.call('HSET', figures, 'cut', string.match(entry[1], '%d+'))
  end
end
redis.call('XTRIM', entries, 'MINID', '=', before)
if bytes then redis.call('HSET', figures, 'bytes', string.format('%.0f', bytes)) end
if redis.call('XLEN', entries) == 0 then redis.call('ZREM', KEYS[3], ARGV[2]) end
return 1
`,
);
