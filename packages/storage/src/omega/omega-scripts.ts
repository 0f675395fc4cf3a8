import { createScript } from '../valkey/valkey-script.ts';
import type { ValkeyScript } from '../valkey/valkey-script.ts';

/** Events looked at by one run: a script that runs for long holds everybody up. */
const SCANNED = 1_000;

/** Keys: substrates, events. Gives how many there are of each. */
export const figuresScript: ValkeyScript = createScript(
  'no-writes',
  `
return {redis.call('HLEN', KEYS[1]), redis.call('XLEN', KEYS[2])}
`,
);

/** Keys: substrates. Values: the id, the record, how many there may be. Gives 1, or 0 where there are too many. */
export const putSubstrateScript: ValkeyScript = createScript(
  '',
  `
local isKnown = redis.call('HMGET', KEYS[1], ARGV[1])[1]
if not isKnown and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`,
);

/** Keys: substrates. Gives their records. */
export const substratesScript: ValkeyScript = createScript(
  'no-writes',
  `
return redis.call('HVALS', KEYS[1])
`,
);

/** Keys: substrates. Value: the id. Gives how many went. */
export const removeSubstrateScript: ValkeyScript = createScript(
  'allow-oom',
  `
return redis.call('HDEL', KEYS[1], ARGV[1])
`,
);

/**
 * Keys: substrates, events, what was emitted within the minute. Values: the substrate's id, the signal, the record, how many
 * events there may be, how many in a minute, the minute. Gives what was done, and the position or the time to wait.
 */
export const addEventScript: ValkeyScript = createScript(
  '',
  `
if not redis.call('HMGET', KEYS[1], ARGV[1])[1] then return {'no_substrate', ''} end
local used = tonumber(redis.call('GET', KEYS[3]) or '0')
if used >= tonumber(ARGV[5]) then return {'limited', tostring(math.max(1, redis.call('PTTL', KEYS[3])))} end
if used == 0 then
  redis.call('SET', KEYS[3], 1, 'PX', ARGV[6])
else
  redis.call('SET', KEYS[3], used + 1, 'KEEPTTL')
end
local fields = {'substrate', ARGV[1], 'signal', ARGV[2], 'event', ARGV[3]}
return {'added', redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], '*', unpack(fields))}
`,
);

/** Keys: events. Value: the position. */
export const takeBackScript: ValkeyScript = createScript(
  'allow-oom',
  `
return redis.call('XDEL', KEYS[1], ARGV[1])
`,
);

const IS_MEANT = `
local function isMeant(fields)
  return (ARGV[1] == '' or fields[2] == ARGV[1]) and (ARGV[2] == '' or fields[4] == ARGV[2])
end
`;

/**
 * Keys: events. Values: the substrate's id and the signal or '', the position to begin before or '', the limit, the bytes of a
 * page. Gives where to go on, '' = the end was reached, and the records.
 */
export const eventsScript: ValkeyScript = createScript(
  'no-writes',
  `${IS_MEANT}
local high, limit, maxBytes = ARGV[3] == '' and '+' or '(' .. ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local found, bytes, scanned, last = {}, 0, 0, ''
while scanned < ${SCANNED} do
  local batch = redis.call('XREVRANGE', KEYS[1], high, '-', 'COUNT', 16)
  if #batch == 0 then return {'', found} end
  for _, entry in ipairs(batch) do
    if isMeant(entry[2]) then
      bytes = bytes + #entry[2][6]
      if #found == limit or (#found > 0 and bytes > maxBytes) then return {last, found} end
      found[#found + 1] = entry[2][6]
    end
    last = entry[1]
  end
  scanned, high = scanned + #batch, '(' .. last
end
return {last, found}
`,
);

/** Keys: events. Values: as those of {@link eventsScript}, the position to begin after or ''. Gives where to go on, how many went, how many are left. */
export const clearEventsScript: ValkeyScript = createScript(
  'allow-oom',
  `${IS_MEANT}
local low, removed, scanned, last = ARGV[3] == '' and '-' or '(' .. ARGV[3], 0, 0, ''
while scanned < ${SCANNED} do
  local batch = redis.call('XRANGE', KEYS[1], low, '+', 'COUNT', 16)
  if #batch == 0 then return {'', removed, redis.call('XLEN', KEYS[1])} end
  for _, entry in ipairs(batch) do
    last = entry[1]
    if isMeant(entry[2]) then removed = removed + redis.call('XDEL', KEYS[1], last) end
  end
  scanned, low = scanned + #batch, '(' .. last
end
return {last, removed, redis.call('XLEN', KEYS[1])}
`,
);
