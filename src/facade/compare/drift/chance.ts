/**
 * By chance? Both are exact (hypergeometric) and assume that answers come in no order; so neither an optional member that
 * is rarely there nor a baseline of few answers makes an alarm.
 */

/** Below it nobody cares how small it is. */
const NEGLIGIBLE = 1e-12;

/**
 * Of `before` + `since` answers `hits` have it, and all of these are among the last `since`, of which the first is one:
 * how likely is that, if it had been as frequent all along? Small: it is new.
 */
export function chanceOfNew(before: number, since: number, hits: number): number {
  let chance = 1;
  for (let i = 1; i < Math.min(hits, since) && chance > NEGLIGIBLE; i++) chance *= (since - i) / (before + since - i);
  return chance;
}

/**
 * It was in `hits` of the `before` answers up to the last that had it, and in none of the `since`. How likely is a run of
 * that length? It may begin after any of the hits, and each beginning is a chance of its own (Bonferroni). Small: it is gone.
 */
export function chanceOfGone(before: number, hits: number, since: number): number {
  let chance = Math.max(1, hits);
  for (let i = 1; i <= since && chance > NEGLIGIBLE; i++) chance *= (before - hits + i) / (before + i);
  return Math.min(1, chance);
}
