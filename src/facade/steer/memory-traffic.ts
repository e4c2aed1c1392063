import { beginningOf, beyondNow, endOfLast, GRAIN_NAMES, GRAINS } from '../store/grains.ts';
import type { DayRow, LastUse, TrafficCounts, TrafficLog, TrafficRow } from '../store/traffic.ts';
import type { Grain } from '../store/tables/steer.ts';

/** The traffic of this process, where there is no store. A route has some thousand buckets at most. */

type MutableTrafficCounts = { -readonly [K in keyof TrafficCounts]: number };
interface Bucket extends MutableTrafficCounts {
  readonly route: string;
  readonly path: string;
  readonly at: number;
}

const COUNTS = ['requests', 'failures', 'failovers', 'untranslatable'] as const;

export class MemoryTraffic implements TrafficLog {
  readonly #buckets: Record<Grain, Map<string, Bucket>> = { minute: new Map(), hour: new Map(), day: new Map() };

  add(at: Date, rows: readonly TrafficRow[]): Promise<void> {
    for (const grain of GRAIN_NAMES) for (const row of rows) this.#add(grain, beginningOf(grain, at).getTime(), row);
    return Promise.resolve();
  }

  sums(grain: Grain, since: Date): Promise<TrafficRow[]> {
    const sums = new Map<string, MutableTrafficCounts & { route: string; path: string }>();
    for (const { at, ...row } of this.#buckets[grain].values()) {
      if (at < since.getTime()) continue;
      const key = `${row.route} ${row.path}`;
      const sum = sums.get(key);
      if (sum) for (const count of COUNTS) sum[count] += row[count];
      else sums.set(key, row);
    }
    return Promise.resolve([...sums.values()]);
  }

  days(since: Date): Promise<DayRow[]> {
    const rows = [...this.#buckets.day.values()]
      .filter(({ at }) => at >= since.getTime())
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, route, path, requests }) => ({ day: new Date(at), route, path, requests }));
    return Promise.resolve(rows);
  }

  lastUse(): Promise<LastUse[]> {
    const keys = new Map([...this.#all()].map(({ route, path }) => [`${route} ${path}`, { route, path }]));
    const last = (key: { route: string; path: string }, count: (typeof COUNTS)[number]) =>
      endOfLast(Object.fromEntries(GRAIN_NAMES.map((grain) => [grain, this.#last(grain, key, count)])));
    const rows = [...keys.values()].map((key) => ({
      ...key,
      requested: last(key, 'requests'),
      failedOver: last(key, 'failovers'),
      untranslatable: last(key, 'untranslatable'),
    }));
    return Promise.resolve(rows);
  }

  prune(now: Date): Promise<void> {
    for (const grain of GRAIN_NAMES) {
      const oldest = now.getTime() - GRAINS[grain].kept;
      const beyond = beyondNow(now).getTime();
      for (const [key, { at }] of this.#buckets[grain]) {
        if (at < oldest || at >= beyond) this.#buckets[grain].delete(key);
      }
    }
    return Promise.resolve();
  }

  #add(grain: Grain, at: number, row: TrafficRow): void {
    const key = `${at} ${row.route} ${row.path}`;
    const bucket = this.#buckets[grain].get(key);
    if (!bucket) this.#buckets[grain].set(key, { ...row, at });
    else for (const count of COUNTS) bucket[count] += row[count];
  }

  #last(grain: Grain, key: { route: string; path: string }, count: (typeof COUNTS)[number]): Date | null {
    let last = -1;
    for (const bucket of this.#buckets[grain].values()) {
      if (bucket.route === key.route && bucket.path === key.path && bucket[count] > 0) last = Math.max(last, bucket.at);
    }
    return last < 0 ? null : new Date(last);
  }

  *#all(): Generator<Bucket> {
    for (const grain of GRAIN_NAMES) yield* this.#buckets[grain].values();
  }
}
