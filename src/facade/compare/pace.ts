import { durationText, HOUR_MS } from '../../http/units.ts';
import { grouped } from './groups.ts';

/**
 * Evidence that leaves its window as fast as it comes never grows. What is waited for on a quiet route may then never
 * be there, and whoever waits is told so, with the pace at which it would be.
 */

/** How fast evidence of a route comes. */
export interface Pace {
  /** Milliseconds since the oldest evidence that counts. */
  readonly spanMs: number;
  /** Milliseconds that evidence counts: `compare.window`. */
  readonly windowMs: number;
  /** Comparisons of direct with the gateway that count at most, whatever the window: `compare.shadows` without the noise. */
  readonly most: number;
}

/** Of less time than this nothing is foretold, or than half of a shorter window. */
const LEAST_SPAN_MS = HOUR_MS;

/**
 * Why the window will never hold so many; undefined where it may. Careful: the pace that is seen may be a slow stretch,
 * so twice its deviation (of a Poisson count) is added before anything is said.
 * @param what `comparisons`, `writes read back`
 */
export function neverReaches(have: number, needed: number, what: string, pace: Pace): string | undefined {
  const { spanMs, windowMs, most } = pace;
  if (have >= needed) return undefined;
  if (needed > most) {
    const counted = `compare.shadows counts ${grouped(Math.floor(most))} ${what} at most`;
    return Number.isFinite(needed)
      ? `${counted}, and ${grouped(needed)} are needed: raise compare.shadows`
      : `no number of ${what} proves it: ask for less`;
  }
  if (spanMs < Math.min(LEAST_SPAN_MS, windowMs / 2)) return undefined;
  const hoped = have + 2 * Math.sqrt(have) + 2;
  if ((hoped / spanMs) * windowMs >= needed) return undefined;
  const perHour = (have / spanMs) * HOUR_MS;
  const enough = (needed / windowMs) * HOUR_MS;
  const holds = `at ${figure(perHour)} ${what} an hour compare.window (${durationText(windowMs)}) never holds the ${grouped(needed)} that are needed`;
  return `${holds}: ${figure(enough)} an hour would do${widerWindow(perHour, needed)}`;
}

function widerWindow(perHour: number, needed: number): string {
  const days = Math.ceil(needed / perHour / 24);
  return days <= MAX_WINDOW_DAYS ? `, or a window of ${days}d` : '';
}

/** The longest `compare.window`. */
export const MAX_WINDOW_DAYS = 90;

/** 63.7 → `64`, 2.66 → `2.7`, 0.0416 → `0.042` */
const figure = (n: number): string => (n >= 10 ? grouped(Math.round(n)) : String(Number(n.toPrecision(2))));
