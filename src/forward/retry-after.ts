/** An hour: an upstream that asks for more is asked again after it all the same. */
const LONGEST = 3_600_000;

/**
 * Retry-After (RFC 9110 10.2.3): seconds or an HTTP date, as milliseconds from `now`; undefined when it is neither.
 * @param now milliseconds since the epoch.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.length > 64) return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST);
}
