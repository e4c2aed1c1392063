import type { Grain } from './tables/steer.ts';

/** Minutes, hours and days of traffic: how long each is, and how long it is kept. No database is needed for that. */

const MINUTE = 60_000;
/** Milliseconds. */
export const GRAINS: Readonly<Record<Grain, { readonly length: number; readonly kept: number }>> = {
  minute: { length: MINUTE, kept: 2 * 1440 * MINUTE },
  hour: { length: 60 * MINUTE, kept: 62 * 1440 * MINUTE },
  day: { length: 1440 * MINUTE, kept: 1100 * 1440 * MINUTE },
};
export const GRAIN_NAMES = Object.keys(GRAINS) as Grain[];

export const beginningOf = (grain: Grain, at: Date): Date =>
  new Date(Math.floor(at.getTime() / GRAINS[grain].length) * GRAINS[grain].length);

/** From here on a row can only be of a clock that was ahead: zones and drift come to less. */
export const beyondNow = (now: Date): Date => beginningOf('day', new Date(now.getTime() + 2 * GRAINS.day.length));

/** From the last minute, hour and day of something to the end of the finest that is still known. */
export function endOfLast(last: Readonly<Partial<Record<Grain, Date | null>>>): Date | undefined {
  const grain = GRAIN_NAMES.find((one) => last[one]);
  const at = grain && last[grain];
  return at ? new Date(at.getTime() + GRAINS[grain].length) : undefined;
}
