/** The last millisecond that RFC 3339 can write. */
export const MAX_TIME_MS = 253_402_300_799_999;

let cachedSecond = Number.NaN;
let cachedPrefix = '';

/**
 * Writes `ms` since the epoch as RFC 3339 in UTC with milliseconds (PRT-25), such as `2026-03-01T09:30:00.250Z`.
 * `ms` is an integer from 0 to {@link MAX_TIME_MS}.
 */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== cachedSecond) {
    cachedPrefix = new Date(second * 1_000).toISOString().slice(0, 20);
    cachedSecond = second;
  }
  const rest = ms - second * 1_000;
  const padding = rest < 10 ? '00' : rest < 100 ? '0' : '';
  return `${cachedPrefix}${padding}${rest}Z`;
}

/** As {@link formatTime}, of microseconds: six digits where three do not say it all. */
export function formatTimeUs(us: number): string {
  const ms = Math.floor(us / 1_000);
  const rest = us - ms * 1_000;
  const text = formatTime(ms);
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Reads an RFC 3339 time, or returns undefined when it is none: ms since the epoch, digits past the millisecond cut
 * off. Leap seconds, days that do not exist and times before 1970 are refused.
 */
export function parseTime(text: string): number | undefined {
  if (text.length > 40) return undefined;
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const utc = dayMs(Number(year), Number(month), Number(day));
  if (utc === undefined) return undefined;
  const clock = (Number(hour) * 60 + Number(minute)) * 60_000 + Number(second) * 1_000;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  const ms = utc + clock - offset + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return ms >= 0 && ms <= MAX_TIME_MS ? ms : undefined;
}

/** As {@link parseTime}, in microseconds: digits past them are cut off. Times after 2255, which no double tells exactly, are refused. */
export function parseTimeUs(text: string): number | undefined {
  const ms = parseTime(text);
  if (ms === undefined || ms >= Number.MAX_SAFE_INTEGER / 1_000) return undefined;
  const [, fraction = ''] = /\.(\d+)/.exec(text) ?? [];
  return ms * 1_000 + Number(fraction.slice(3, 6).padEnd(3, '0'));
}

/** Date.UTC takes the 31st of June for the 1st of July; a date that comes back changed does not exist. */
function dayMs(year: number, month: number, day: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  const isSame = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isSame ? ms : undefined;
}
