/**
 * Migrations in memory, each looked at after every comparison. A migration is the list of the moments at which something
 * went wrong; between two of them only the number of comparisons grows, so that a rule is asked once per stretch and not once
 * per look, with the same answer.
 */

/** Numbers of comparisons, both included. */
export interface Looks {
  readonly from: number;
  readonly to: number;
}

export type Random = () => number;

/** Comparisons (from 1) that went wrong, each with the chance `p`, up to `to`; then one beyond. */
export function wrongOnes(random: Random, p: number, to: number): number[] {
  const found: number[] = [];
  for (let at = 0; at <= to;) {
    at += Math.max(1, Math.ceil(Math.log(1 - random()) / Math.log1p(-p)));
    found.push(at);
  }
  return found;
}

/** Of `count` wrong ones: between which numbers of comparisons the rule says yes. */
export type SaysYes = (count: number) => Looks;

/** The first look at which the rule says yes; Infinity: at none. */
export function firstYes(wrong: readonly number[], looks: Looks, saysYes: SaysYes): number {
  let begin = looks.from;
  for (const [count, next] of wrong.entries()) {
    const { from, to } = saysYes(count);
    const at = Math.max(begin, from);
    if (at <= Math.min(next - 1, to, looks.to)) return at;
    begin = Math.max(begin, next);
    if (begin > looks.to) break;
  }
  return Infinity;
}

type Rule = (count: number, of: number) => boolean;

/** For a rule that says yes from some number of comparisons on, as `ready` does of a number of mismatches. */
export function onceEnough(rule: Rule, looks: Looks): SaysYes {
  return kept((count) => ({
    from: leastOf((of) => rule(count, of), Math.max(looks.from, count), looks.to),
    to: Infinity,
  }));
}

/** For a rule that says yes up to some number of comparisons, as `broken` does of a number of failures. */
export function whileFew(rule: Rule, looks: Looks): SaysYes {
  return kept((count) => ({
    from: 0,
    to: leastOf((of) => !rule(count, of), Math.max(looks.from, count), looks.to) - 1,
  }));
}

function kept(saysYes: SaysYes): SaysYes {
  const known: Looks[] = [];
  return (count) => (known[count] ??= saysYes(count));
}

/** The least number for which it holds, of one that holds from some number on. Infinity: for none up to `most`. */
function leastOf(holds: (of: number) => boolean, least: number, most: number): number {
  let [below, above] = [least - 1, most + 1];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above > most ? Infinity : above;
}

/** Who failed, of one question asked of both sides. */
export interface PairChances {
  readonly onlyA: number;
  readonly onlyB: number;
  readonly both: number;
}

type PairRule = (onlyA: number, onlyB: number, both: number, of: number) => boolean;

/** As {@link firstYes}, of pairs. The rule is asked only where b fails more often than a by more than `delta`. */
export function firstYesOfPairs(
  random: Random,
  { onlyA, onlyB, both }: PairChances,
  looks: Looks,
  delta: number,
  rules: readonly PairRule[],
): number[] {
  const first = rules.map(() => Infinity);
  let [a, b, c] = [0, 0, 0];
  const all = onlyA + onlyB + both;
  const events = wrongOnes(random, all, looks.to);
  for (const [i, event] of events.entries()) {
    const kind = random() * all;
    if (kind < onlyB) b++;
    else if (kind < onlyB + onlyA) a++;
    else c++;
    const last = Math.min((events[i + 1] ?? Infinity) - 1, looks.to);
    for (let of = Math.max(event, looks.from); of <= last && (b - a) / of > delta; of++) {
      for (const [r, rule] of rules.entries()) if (first[r] === Infinity && rule(a, b, c, of)) first[r] = of;
      if (!first.includes(Infinity)) return first;
    }
  }
  return first;
}

/**
 * When `ready` is first said of a route whose window slides: it holds `length` comparisons and forgets a twenty-fourth at a
 * time. In windows, up to `most` of them; Infinity: not at all.
 */
export function firstYesInWindow(
  random: Random,
  p: number,
  length: number,
  most: number,
  least: number,
  saysYes: SaysYes,
): number {
  const block = Math.floor(length / 24);
  const wrong = wrongOnes(random, p, length * most);
  let [forgotten, first, next] = [0, 0, 0];
  for (let end = block; end <= length * most; end += block) {
    for (let at = end - block + 1; at <= end;) {
      if (wrong[next] === at) next++;
      const last = Math.min(end, (wrong[next] ?? Infinity) - 1);
      const look = Math.max(at, forgotten + Math.max(least, saysYes(next - first).from));
      if (look <= last) return look / length;
      at = last + 1;
    }
    if (end + block - forgotten <= length) continue;
    forgotten += block;
    while ((wrong[first] ?? Infinity) <= forgotten) first++;
  }
  return Infinity;
}

/** The share of all that did it by the look `by`. */
export const shareBy = (first: readonly number[], by: number): number =>
  first.filter((at) => at <= by).length / first.length;

/** The look by which the share `q` of all had done it. */
export const quantileOf = (first: readonly number[], q: number): number =>
  first.toSorted((a, b) => a - b)[Math.ceil(q * first.length) - 1] ?? Infinity;
