import { OUTCOMES, type Outcome } from '../../../src/facade/rollout/outcome.ts';
import type { Cell, Seen } from './cell.ts';
import { sideOf } from './situations.ts';

/** What the metrics say of a route, held against what its callers saw and what the upstreams received. */

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The series of one metric. */
export function seriesOf(text: string, name: string): Series[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith(`${name}{`)) return [];
    const pairs = [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const);
    return [{ labels: Object.fromEntries(pairs), value: Number(line.slice(line.lastIndexOf(' ') + 1)) }];
  });
}

const sum = (series: readonly Series[], labels: Readonly<Record<string, string>>): number =>
  series
    .filter((one) => Object.entries(labels).every(([name, value]) => one.labels[name] === value))
    .reduce((total, { value }) => total + value, 0);

/**
 * Everything in which the metrics contradict themselves, the callers or the upstreams; empty: nothing.
 * @param received requests that each side received for this route; left out where the upstream cannot tell.
 */
export function contradictions(text: string, cell: Cell, received?: Readonly<Record<string, number>>): string[] {
  const { situation } = cell;
  const seen = seenIn(cell);
  const own = { route: situation.route, method: situation.method };
  const requests = seriesOf(text, 'facade_requests_total').filter(({ labels }) => labels.method === own.method);
  const attempts = seriesOf(text, 'facade_attempts_total');
  const failovers = seriesOf(text, 'facade_failovers_total');
  const found: string[] = [];
  const agree = (what: string, counted: number, known: number): void => {
    if (counted !== known) found.push(`${situation.route} ${situation.method}: ${what}: ${counted}, not ${known}`);
  };
  for (const [key, count] of countBy(seen, ({ status, path }) => `${status} ${path}`)) {
    const [status = '', path = ''] = key.split(' ');
    agree(`requests ${key}`, sum(requests, { ...own, status, path }), count);
  }
  agree('requests', sum(requests, own), seen.length);
  const isFailure = ({ outcome, isWhole }: Seen): boolean => outcome !== undefined || !isWhole;
  agree(
    'requests that were ok',
    sum(requests, { ...own, outcome: 'ok' }),
    seen.filter((one) => !isFailure(one)).length,
  );
  for (const [outcome, count] of countBy(seen, (one) => one.outcome)) {
    if (outcome === undefined || outcome === 'unknown') continue;
    // Those that are told `unknown` are counted by what happened, perhaps by the same.
    agree(`requests ${outcome}`, Math.min(sum(requests, { ...own, outcome }), count), count);
  }
  if (situation.stage === 'passthrough') return found;
  const { route } = situation;
  const first = sideOf(situation);
  if (first === 'gateway') {
    agree('failovers', sum(failovers, { route }), seen.filter(({ path }) => path === 'direct').length);
    // An attempt on the gateway ends as a failover for that reason, or as what the request came to.
    for (const outcome of Object.keys(OUTCOMES)) {
      const path = 'gateway';
      const ended = sum(failovers, { route, reason: outcome }) + sum(requests, { route, path, outcome });
      agree(`gateway attempts ${outcome}`, sum(attempts, { route, path, outcome }), ended);
    }
  }
  // Nothing is asked more often on direct than once, but a read whose connection broke.
  const again = sum(attempts, { route, path: 'direct' }) - sum(requests, { route, path: 'direct' });
  if (situation.method !== 'GET') agree('direct attempts beyond one each', again, 0);
  if (again < 0) agree('direct attempts beyond one each', again, 0);
  for (const [path, count] of Object.entries(received ?? {}))
    agree(`${path} attempts that went out`, wentOut(attempts, route, path), count);
  return found;
}

/** Attempts of which something was written to a connection. */
function wentOut(attempts: readonly Series[], route: string, path: string): number {
  return (Object.keys(OUTCOMES) as Outcome[])
    .filter((outcome) => OUTCOMES[outcome].party === 'upstream' && OUTCOMES[outcome].phase !== 'connect')
    .reduce((total, outcome) => total + sum(attempts, { route, path, outcome }), 0);
}

/** Every answer that a cell's callers got. */
export const seenIn = ({ shots, burst, after }: Cell): Seen[] => [
  ...shots.direct,
  ...shots.gateway,
  ...burst,
  ...(after ? [after] : []),
];

function countBy<T>(values: readonly Seen[], key: (seen: Seen) => T): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(key(value), (counts.get(key(value)) ?? 0) + 1);
  return counts;
}
