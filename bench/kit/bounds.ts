import { costRatio, errorsOf, type Measured } from './rounds.ts';

/** What the facade promises about its cost. CPU time a request, as ratios within one run: absolute figures are the machine's. */

export interface Bound {
  readonly text: string;
  /** What was measured; of errors their number. */
  readonly ratio: number;
  readonly met: boolean;
  /** Not even the bare floor meets it, so nothing on node:http and undici can. It is printed, and fails no run. */
  readonly beyondReach: boolean;
}

const MOST_OF_FLOOR = 1.5;
const MOST_OF_FLOOR_PASSTHROUGH = 1.6;
const LEAST_GAIN = 1.5;
const LEAST_GAIN_EXPRESS = 4;
const MOST_OF_SMALL_TABLE = 1.1;
const MOST_WITH_SHADOW = 1.15;

const atMost = (text: string, ratio: number, limit: number): Bound => ({
  text: `${text}: at most ${limit}×`,
  ratio,
  met: ratio <= limit,
  beyondReach: false,
});

/** @param floor what the floor has in place of the facade. */
const atLeast = (text: string, ratio: number, limit: number, floor: number): Bound => ({
  text: `${text}: at least ${limit}×`,
  ratio,
  met: ratio >= limit,
  beyondReach: floor < limit,
});

/** Judges every bound whose subjects were measured; empty without the facade. An error of the facade is a bound missed. */
export function judge(measured: readonly Measured[]): Bound[] {
  const named = (name: string) => measured.find(({ subject }) => subject.name === name);
  const bounds: Bound[] = [];
  const [facade, floor, large] = [named('facade'), named('floor'), named('facade-1000')];
  const [shadowed, passthrough] = [named('facade-shadow'), named('facade-passthrough')];
  for (const one of measured.filter(({ subject }) => subject.kind === 'facade')) {
    const errors = errorsOf(one);
    bounds.push({ text: `errors of ${one.subject.name}: none`, ratio: errors, met: errors === 0, beyondReach: false });
  }
  if (!facade) return bounds;
  if (floor) bounds.push(atMost('facade ÷ floor', costRatio(facade, floor), MOST_OF_FLOOR));
  if (floor && passthrough) {
    bounds.push(atMost('what no route claims ÷ floor', costRatio(passthrough, floor), MOST_OF_FLOOR_PASSTHROUGH));
  }
  for (const peer of measured.filter(({ subject }) => subject.kind === 'node')) {
    const limit = peer.subject.name === 'express-hpm' ? LEAST_GAIN_EXPRESS : LEAST_GAIN;
    const ofFloor = floor ? costRatio(peer, floor) : Infinity;
    bounds.push(atLeast(`${peer.subject.name} ÷ facade`, costRatio(peer, facade), limit, ofFloor));
  }
  if (large) bounds.push(atMost('1,000 routes ÷ the table as it is', costRatio(large, facade), MOST_OF_SMALL_TABLE));
  if (shadowed)
    bounds.push(atMost('a tenth shadowed ÷ nothing shadowed', costRatio(shadowed, facade), MOST_WITH_SHADOW));
  return bounds;
}
