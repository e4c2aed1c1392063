/**
 * What an edit changes, as the unified diff that people know from git: lines with three lines around them. Shown before
 * a write, kept in the history, and good for `patch -p0`. Shortest edit script after Myers (1986), O(lines × changes).
 */

const CONTEXT = 3;

/** One step through both texts; the numbers count lines from 0. */
interface DiffLine {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Empty when the texts are the same. @param name what stands behind `---` and `+++`. @param isSecret a line of `before`,
 * from 0, that must not be shown around a change: the surroundings end before it.
 */
export function unifiedDiff(
  name: string,
  before: string,
  after: string,
  isSecret: (line: number) => boolean = () => false,
): string {
  const steps = script(linesOf(before), linesOf(after));
  const hunks = hunksOf(steps, isSecret).map(hunkText);
  return hunks.length === 0 ? '' : `--- ${name}\n+++ ${name}\n${hunks.join('')}`;
}

/** Each with its line end, so that a missing one at the end of the file is a difference like any other. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function script(a: readonly string[], b: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let ends = 0;
  while (ends < Math.min(a.length, b.length) - start && a.at(-1 - ends) === b.at(-1 - ends)) ends++;
  const middle = shortest(a.slice(start, a.length - ends), b.slice(start, b.length - ends));
  const kinds = [...Array<' '>(start).fill(' '), ...middle, ...Array<' '>(ends).fill(' ')];
  let before = 0;
  let after = 0;
  return kinds.map((kind) => {
    const step = { kind, line: (kind === '+' ? b[after] : a[before]) ?? '', before, after };
    if (kind !== '+') before++;
    if (kind !== '-') after++;
    return step;
  });
}

/** The fewest removals and additions that lead from `a` to `b`. `reach[k]`: how far in `a` one comes on diagonal k. */
function shortest(a: readonly string[], b: readonly string[]): DiffLine['kind'][] {
  const trace: Map<number, number>[] = [];
  let reach = new Map([[1, 0]]);
  for (let changes = 0; ; changes++) {
    trace.push(reach);
    const next = new Map<number, number>();
    for (let k = -changes; k <= changes; k += 2) {
      let x = isDown(reach, k, changes) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length);
    }
    reach = next;
  }
}

const isDown = (reach: ReadonlyMap<number, number>, k: number, changes: number): boolean =>
  k === -changes || (k !== changes && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));

function walkBack(trace: readonly ReadonlyMap<number, number>[], x: number, y: number): DiffLine['kind'][] {
  const kinds: DiffLine['kind'][] = [];
  for (let changes = trace.length - 1; changes >= 0; changes--) {
    const reach = trace[changes] as ReadonlyMap<number, number>;
    const down = isDown(reach, x - y, changes);
    const k = x - y + (down ? 1 : -1);
    const fromX = changes === 0 ? 0 : (reach.get(k) ?? 0);
    const fromY = changes === 0 ? 0 : fromX - k;
    const same = Math.min(x - fromX, y - fromY);
    kinds.push(...Array<' '>(same).fill(' '));
    if (changes > 0) kinds.push(down ? '+' : '-');
    x = fromX;
    y = fromY;
  }
  return kinds.toReversed();
}

/** Changes with their surroundings; those whose surroundings touch are one hunk. */
function hunksOf(steps: readonly DiffLine[], isSecret: (line: number) => boolean): DiffLine[][] {
  const isHidden = ({ kind, before }: DiffLine): boolean => kind === ' ' && isSecret(before);
  const hunks: DiffLine[][] = [];
  let end = -Infinity;
  steps.forEach(({ kind }, i) => {
    if (kind === ' ') return;
    let from = Math.max(i, end);
    while (from > Math.max(i - CONTEXT, end, 0) && !isHidden(steps[from - 1] as DiffLine)) from--;
    let to = i + 1;
    while (to < Math.min(i + CONTEXT + 1, steps.length) && !isHidden(steps[to] as DiffLine)) to++;
    if (from <= end) hunks.at(-1)?.push(...steps.slice(from, to));
    else hunks.push(steps.slice(from, to));
    end = to;
  });
  return hunks;
}

function hunkText(hunk: readonly DiffLine[]): string {
  const range = (other: DiffLine['kind'], first: number) => {
    const count = hunk.filter(({ kind }) => kind !== other).length;
    // An empty range is named by the line before it.
    return count === 1 ? `${first + 1}` : `${count === 0 ? first : first + 1},${count}`;
  };
  const head = `@@ -${range('+', hunk[0]?.before ?? 0)} +${range('-', hunk[0]?.after ?? 0)} @@\n`;
  return head + hunk.map(lineText).join('');
}

function lineText({ kind, line }: DiffLine): string {
  return line.endsWith('\n') ? kind + line : `${kind}${line}\n\\ No newline at end of file\n`;
}
