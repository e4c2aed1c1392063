import { Turns } from '../../http/turns.ts';
import type { Calendar } from '../../http/calendar.ts';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import { beyondNow } from '../store/grains.ts';
import type { TrafficCounts, TrafficLog, TrafficRow } from '../store/traffic.ts';

/**
 * What every path served since the last look, read from the counters that Prometheus reads: they only grow, so the
 * difference of two looks is the traffic between them, and the hot path pays nothing. A difference counts as taken once
 * it is written down, so a database that is away for a while costs precision in time, and not one request.
 */

type Counts = { -readonly [K in keyof TrafficCounts]: number };
const NOTHING: TrafficCounts = { requests: 0, failures: 0, failovers: 0, untranslatable: 0 };

/** Milliseconds. What a crash loses at most. */
const FLUSH_INTERVAL_MS = 10_000;
const PRUNE_INTERVAL_MS = 3_600_000;

interface TrafficMeterOptions {
  readonly metrics: Pick<Metrics, 'requests' | 'attempts' | 'failovers'>;
  readonly calendar: Calendar;
  readonly log: Logger;
}

type FlushListener = (traffic: TrafficLog) => Promise<void>;

export class TrafficMeter {
  readonly #options: TrafficMeterOptions;
  readonly #timer: { close(): void };
  readonly #listeners = new Set<FlushListener>();
  #traffic: TrafficLog | undefined;
  #taken = new Map<string, Counts>();
  #pruned = -Infinity;
  readonly #turns = new Turns();

  constructor(options: TrafficMeterOptions) {
    this.#options = options;
    this.#timer = options.calendar.every(FLUSH_INTERVAL_MS, () => this.flush());
  }

  /** Undefined until there is a place for it. */
  get traffic(): TrafficLog | undefined {
    return this.#traffic;
  }

  attach(traffic: TrafficLog): void {
    this.#traffic = traffic;
  }

  /** Told after each flush, which waits for it. */
  subscribe(listener: FlushListener): void {
    this.#listeners.add(listener);
  }

  /** Writes down what was served since the last flush; never rejects. */
  flush(): Promise<void> {
    const { log } = this.#options;
    return this.#turns
      .take(() => this.#flush())
      .catch((error: unknown) => {
        log.warn({ err: error }, 'the traffic cannot be written down now; it is added to the next minute');
      });
  }

  /** With what was served last. */
  async close(): Promise<void> {
    this.#timer.close();
    await this.flush();
  }

  async #flush(): Promise<void> {
    if (!this.#traffic) return;
    const now = new Date(this.#options.calendar.now());
    const counted = await this.#read();
    const rows = [...counted].map(([key, counts]) => difference(key, counts, this.#taken.get(key) ?? NOTHING));
    await this.#traffic.add(now, rows.filter(isAnything));
    this.#taken = counted;
    if (Math.abs(now.getTime() - this.#pruned) > PRUNE_INTERVAL_MS) {
      this.#pruned = now.getTime();
      // What a clock that was ahead has dated too late was used by now at the latest.
      const late = await this.#traffic.sums('day', beyondNow(now));
      if (late.length > 0) await this.#traffic.add(now, late);
      await this.#traffic.prune(now);
    }
    for (const listener of this.#listeners) await listener(this.#traffic);
  }

  /** By `route path`; neither holds a space. */
  async #read(): Promise<Map<string, Counts>> {
    const { requests, attempts, failovers } = this.#options.metrics;
    const all = new Map<string, Counts>();
    const at = (route: string | number = '', path: string | number = ''): Counts => {
      const key = `${route} ${path}`;
      let counts = all.get(key);
      if (!counts) all.set(key, (counts = { ...NOTHING }));
      return counts;
    };
    for (const { labels, value } of (await requests.get()).values) {
      const counts = at(labels.route, labels.path);
      counts.requests += value;
      const { judge, party } = decisionOf(labels.outcome as Outcome);
      if (judge === 'failure' || party === 'facade') counts.failures += value;
    }
    for (const { labels, value } of (await attempts.get()).values) {
      if (labels.outcome === 'untranslatable') at(labels.route, labels.path).untranslatable += value;
    }
    for (const { labels, value } of (await failovers.get()).values) at(labels.route, 'gateway').failovers += value;
    return all;
  }
}

function difference(key: string, counts: TrafficCounts, taken: TrafficCounts): TrafficRow {
  const [route = '', path = ''] = key.split(' ');
  return {
    route,
    path,
    requests: counts.requests - taken.requests,
    failures: counts.failures - taken.failures,
    failovers: counts.failovers - taken.failovers,
    untranslatable: counts.untranslatable - taken.untranslatable,
  };
}

const isAnything = ({ requests, failures, failovers, untranslatable }: TrafficRow): boolean =>
  requests + failures + failovers + untranslatable > 0;
