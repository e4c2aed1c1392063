import { OUTCOMES, type LastingFault, type Outcome } from '../rollout/outcome.ts';
import type { ServedPath } from '../rollout/route.ts';
import type { CallerStanding } from '../../http/standing.ts';
import { HistogramCell, type CounterCell } from './cells.ts';
import { UPSTREAM_BUCKETS, type Metrics } from './metrics.ts';
import { RecentTraffic, type Recent, type RecentCounts } from './recent.ts';

/**
 * Counts what one route does. Holds its label children, found by small integers; a child is made when its combination
 * is first seen, and those that every route has are made at 0 at once.
 */

const PATHS: readonly ServedPath[] = ['direct', 'gateway', 'passthrough'];
const OUTCOME_NAMES = Object.keys(OUTCOMES) as Outcome[];
const OUTCOME_INDEX = Object.fromEntries(OUTCOME_NAMES.map((name, i) => [name, i])) as Record<Outcome, number>;
/**
 * The outcomes that alerts look for. Each has its series from the start on: Prometheus sees a rise only after a first sample, and a
 * breaker can open before the second one. Failures of direct alert by their share alone.
 */
const HELD_BACK = OUTCOME_NAMES.filter(
  (name) => OUTCOMES[name].party === 'facade' && OUTCOMES[name].phase === 'connect',
);
const FAILED = OUTCOME_NAMES.filter((name) => OUTCOMES[name].judge === 'failure');
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'OTHER'] as const;
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((name, i) => [name, i]));

/**
 * What a path came to for known callers since the process began; two readings make a window. Strangers are left out: the
 * autopilot decides by it, and whoever may send what he likes can be refused, fail or be quick at will.
 */
export interface PathTotals {
  /** Attempts that the path is judged by: what failed by no fault of its upstream is not among them. */
  readonly attempts: number;
  readonly failures: number;
  /** Attempts by duration, one number for each of UPSTREAM_BUCKETS and one for what is beyond. */
  readonly latencies: readonly number[];
}

type OutcomeJudgement = (typeof OUTCOMES)[Outcome]['judge'];

interface PathRecord {
  readonly path: ServedPath;
  readonly requestDuration: HistogramCell;
  readonly upstreamDuration: HistogramCell;
  readonly recent: RecentTraffic;
  readonly attempts: (CounterCell | undefined)[];
  /** The last one, and how many requests the path had served by then. */
  fault: { readonly outcome: LastingFault; readonly served: number } | undefined;
  /** What of all that was strangers'. */
  readonly ofStrangers: { readonly attempts: Record<OutcomeJudgement, number>; readonly duration: HistogramCell };
}

export class RouteRecorder {
  readonly #metrics: Metrics;
  readonly #route: string;
  readonly #paths: Partial<Record<ServedPath, PathRecord>> = {};
  readonly #requests = new Map<number, CounterCell>();
  readonly #directUnauthorized: CounterCell;
  /** Milliseconds, as requests are timed; undefined: never. */
  #directUnauthorizedAt: number | undefined;

  /**
   * @param method the route's own, and @param success the status of its success: for the child that is made at 0.
   */
  constructor(metrics: Metrics, route: string, paths: readonly ServedPath[], method: string, success = 200) {
    this.#metrics = metrics;
    this.#route = route;
    this.#directUnauthorized = metrics.directUnauthorized.cell({ route });
    for (const path of paths) {
      const record: PathRecord = {
        path,
        requestDuration: metrics.requestDuration.cell({ route, path }),
        upstreamDuration: metrics.upstreamDuration.cell({ route, path }),
        recent: new RecentTraffic(),
        attempts: [],
        fault: undefined,
        ofStrangers: {
          attempts: { success: 0, failure: 0, neutral: 0 },
          duration: new HistogramCell(UPSTREAM_BUCKETS),
        },
      };
      this.#paths[path] = record;
      this.#requestCell(path, method, success, 'ok');
      this.#attemptCell(record, 'ok');
      const alerting = path === 'gateway' ? [...HELD_BACK, ...FAILED] : HELD_BACK;
      for (const outcome of alerting) this.#attemptCell(record, outcome);
    }
    if (paths.includes('gateway')) {
      for (const reason of ['upstream_connect', 'facade_breaker_open']) metrics.failovers.inc({ route, reason }, 0);
    }
  }

  /** One request, answered or given up. @param now, duration milliseconds. */
  request(path: ServedPath, method: string, status: number, outcome: Outcome, now: number, duration: number): void {
    const record = this.#record(path);
    this.#requestCell(path, method, status, outcome).inc();
    record.requestDuration.observe(duration / 1000);
    record.recent.record(now, duration, isFailed(outcome));
  }

  /** One attempt, whatever came of it. @param now, duration milliseconds. */
  attempt(path: ServedPath, outcome: Outcome, now: number, duration: number, standing: CallerStanding): void {
    const record = this.#record(path);
    this.#attemptCell(record, outcome).inc();
    record.recent.attempt(now, isFailed(outcome));
    record.upstreamDuration.observe(duration / 1000);
    if (standing === 'known') return;
    record.ofStrangers.attempts[OUTCOMES[outcome].judge]++;
    record.ofStrangers.duration.observe(duration / 1000);
  }

  /** A path that was not tried: breaker open, bulkhead full, untranslatable. Counted, without a duration. */
  notTried(path: ServedPath, outcome: Outcome, now: number): void {
    const record = this.#record(path);
    this.#attemptCell(record, outcome).inc();
    // What the request itself is to blame for says nothing of the path.
    if (OUTCOMES[outcome].party === 'facade' && outcome !== 'untranslatable') record.recent.attempt(now, true);
  }

  /** Told beside {@link attempt}, so that an attempt that ends well need not clear anything. */
  lastingFault(path: ServedPath, outcome: LastingFault): void {
    const record = this.#record(path);
    record.fault = { outcome, served: this.#attemptCell(record, 'ok').value };
  }

  /** What keeps a path from serving the route; undefined once it has served a request again. */
  faultOf(path: ServedPath): LastingFault | undefined {
    const record = this.#paths[path];
    if (!record?.fault) return undefined;
    return this.#attemptCell(record, 'ok').value === record.fault.served ? record.fault.outcome : undefined;
  }

  /** Direct answered 401 to the facade's own token. @param now milliseconds */
  directUnauthorized(now: number): void {
    this.#directUnauthorized.inc();
    this.#directUnauthorizedAt = now;
  }

  /** Direct refused the facade's own token in the last minute. @param now milliseconds */
  isDirectUnauthorized(now: number): boolean {
    return this.#directUnauthorizedAt !== undefined && now - this.#directUnauthorizedAt < 60_000;
  }

  failover(reason: Outcome, now: number): void {
    this.#metrics.failovers.inc({ route: this.#route, reason });
    if (reason !== 'untranslatable') this.#record('gateway').recent.failover(now);
  }

  /** The last minute of a path. */
  recent(path: ServedPath, now: number): Recent | undefined {
    return this.#paths[path]?.recent.read(now);
  }

  /** The last hour of a path. */
  lastHour(path: ServedPath, now: number): RecentCounts | undefined {
    return this.#paths[path]?.recent.readHour(now);
  }

  /** Read from what is counted anyway: costs a request nothing. */
  totals(path: ServedPath): PathTotals {
    const { attempts, upstreamDuration, ofStrangers } = this.#record(path);
    const judged = (judge: 'success' | 'failure'): number =>
      OUTCOME_NAMES.reduce(
        (sum, name, i) => sum + (OUTCOMES[name].judge === judge ? (attempts[i]?.value ?? 0) : 0),
        0,
      ) - ofStrangers.attempts[judge];
    const failures = judged('failure');
    const latencies = Array.from(upstreamDuration.counts, (n, i) => n - (ofStrangers.duration.counts[i] ?? 0));
    return { attempts: failures + judged('success'), failures, latencies };
  }

  #requestCell(path: ServedPath, method: string, status: number, outcome: Outcome): CounterCell {
    const methodIndex = METHOD_INDEX.get(method) ?? METHODS.length - 1;
    const family = (OUTCOME_INDEX[outcome] * METHODS.length + methodIndex) * PATHS.length + PATHS.indexOf(path);
    const key = family * 1000 + status;
    let cell = this.#requests.get(key);
    if (!cell) {
      const labels = {
        route: this.#route,
        path,
        method: METHODS[methodIndex] as string,
        status: String(status),
        outcome,
      };
      this.#requests.set(key, (cell = this.#metrics.requests.cell(labels)));
    }
    return cell;
  }

  #attemptCell(record: PathRecord, outcome: Outcome): CounterCell {
    const { path, attempts } = record;
    return (attempts[OUTCOME_INDEX[outcome]] ??= this.#metrics.attempts.cell({ route: this.#route, path, outcome }));
  }

  #record(path: ServedPath): PathRecord {
    const record = this.#paths[path];
    if (!record) throw new Error(`route ${this.#route} has no ${path} path to record`);
    return record;
  }
}

const isFailed = (outcome: Outcome): boolean =>
  OUTCOMES[outcome].judge === 'failure' || OUTCOMES[outcome].party === 'facade';
