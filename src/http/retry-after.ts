/** An hour: an upstream that asks for more is asked again after it all the same. */
const MAX_DELAY_MS = 3_600_000;

/** How each of the three forms of RFC 9110 5.6.7 begins. Date.parse alone takes `foo 2030` for a date, too. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Retry-After (RFC 9110 10.2.3): seconds or an HTTP date, as milliseconds from `now`; undefined when it is neither.
 * @param now milliseconds since the epoch.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.length > 64) return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_DELAY_MS);
}

function parseHttpDate(text: string): number {
  if (!HTTP_DATE.test(text)) return NaN;
  // The third form, asctime's, names no zone, and means GMT.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
