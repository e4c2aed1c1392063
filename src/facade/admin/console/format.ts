import type { IntervalJson, LastMinute, PathJson, RecentCounts } from './model.ts';

/** Numbers as the board shows them: few digits, the unit beside them, a dash for what is not known. */

export const NOTHING = '–';

/** The rate of the attempts: a failover must not make a dead gateway look well. */
export function perSecond(minute: LastMinute | undefined): string {
  if (!minute || minute.attempts === 0) return NOTHING;
  const rate = minute.attempts / 60;
  if (rate >= 10) return `${grouped(Math.round(rate))}/s`;
  return rate >= 0.1 ? `${fixed(rate, 1)}/s` : `${grouped(minute.attempts)}/min`;
}

/** Of the attempts. */
export function errorShare(counts: RecentCounts | undefined): string {
  if (!counts || counts.attempts === 0) return NOTHING;
  return percent(counts.failedAttempts / counts.attempts);
}

/** `3 of 140 attempts failed, 2 went to direct` */
export function attemptsText(counts: RecentCounts | undefined): string {
  if (!counts || counts.attempts === 0) return NOTHING;
  const { attempts, failedAttempts, failovers } = counts;
  const text = `${grouped(failedAttempts)} of ${grouped(attempts)} attempts failed`;
  return failovers === 0 ? text : `${text}, ${grouped(failovers)} went to direct`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value >= 1000) return `${fixed(value / 1000, 1)} s`;
  return `${value >= 10 ? grouped(Math.round(value)) : fixed(value, 1)} ms`;
}

/** @param share 0..1; 100 % only when it is all of it. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const digits = share > 0.99 || share < 0.01 ? 2 : 1;
  // What is nearly all or nearly nothing must not look like all or nothing.
  const shown = Math.min(99.99, Math.max(0.01, Number((share * 100).toFixed(digits))));
  return `${fixed(shown, digits)} %`;
}

/** `half-open 5 %` */
export const breakerText = ({ breaker, ramp }: PathJson): string => (ramp ? `${breaker} ${ramp} %` : breaker);

export const isFailing = ({ lastMinute, breaker, fault }: PathJson): boolean =>
  breaker !== 'closed' || fault !== undefined || (lastMinute !== undefined && lastMinute.failedAttempts > 0);

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** In the reader's words and zone; what is no time as it is. */
export function timeOf(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : moment.format(date);
}

/** In the reader's locale: 1000 → `1,000`, in Brazil `1.000`. */
export const grouped = (count: number): string => count.toLocaleString();

/** In the reader's locale, with so many digits. */
export const fixed = (value: number, digits: number): string =>
  value.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
/** The largest unit that fits, in milliseconds. */
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `3 min ago`; what is less than a minute ago is `just now`. @param now milliseconds since 1970 */
export function agoText(iso: string, now: number): string {
  const at = new Date(iso).getTime();
  if (Number.isNaN(at)) return iso;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(at - now) >= each) ?? [];
  return unit === undefined ? 'just now' : relative.format(Math.trunc((at - now) / size), unit);
}

/** @param days with one decimal */
export const daysOf = (days: number): string =>
  days < 1 ? 'today' : `${days < 10 ? days.toFixed(1) : Math.round(days)} days`;

/** A share with its bounds: `99.2 % (98.1 % to 99.7 %)`. */
export function interval({ value, low, high }: IntervalJson): string {
  if (value === null) return NOTHING;
  return low === null || high === null ? percent(value) : `${percent(value)} (${percent(low)} to ${percent(high)})`;
}

const FAULTS: Readonly<Record<NonNullable<PathJson['fault']>, string>> = {
  upstream_credentials: 'token not accepted',
  gateway_lacks_operation: 'operation missing',
};

/** Why a path serves no request of a route; empty when it does. */
export const faultText = ({ fault }: PathJson): string => (fault === undefined ? '' : FAULTS[fault]);
