import type { Request, Response } from 'express';
import { z } from 'zod';
import { refuse } from '../../http/page-errors.ts';
import type { Recent } from '../observe/recent.ts';
import type { Path } from '../rollout/route.ts';
import { readAs, UNKNOWN_ROUTE } from './answer.ts';

/**
 * The past of each route, for the plots of the console, which would begin empty without it: the figures of the last
 * minute, taken every five seconds. Four rings of 180 points, from 15 minutes to seven days: the longer the range, the
 * more samples are rolled up into one point. Numbers only, single precision, 55 kB a route that ever served, nothing
 * for the others; lost with the process. What must outlive it is what Prometheus is for.
 */

export interface TimedRoute {
  readonly id: string;
  /** Percent. */
  readonly gateway: number;
  readonly recent: (path: Path) => Recent | undefined;
  readonly breaker: (path: Path) => string;
}

interface TimelineOptions {
  readonly routes: () => readonly TimedRoute[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Column = readonly (number | null)[];

interface PathSeries {
  /** Of the minute before, on average over the samples of the point. */
  readonly requests: Column;
  readonly failures: Column;
  readonly attempts: Column;
  readonly failedAttempts: Column;
  readonly failovers: Column;
  /** Milliseconds, the highest of the point; null where nothing was served. */
  readonly p50: Column;
  readonly p95: Column;
  readonly p99: Column;
  /** 0 closed, 1 half-open, 2 open: the worst of the point. */
  readonly breaker: Column;
}

/** Columns of equal length, oldest first. */
interface Series {
  /** Seconds from one point to the next. */
  readonly step: number;
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly gateway: Column;
  readonly paths: Readonly<Record<Path, PathSeries>>;
}

/** The last 15 minutes of every route that was asked, for the board: attempts and failed attempts of each minute. */
interface Sparklines {
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly routes: Readonly<Record<string, Readonly<Record<Path, Pick<PathSeries, 'attempts' | 'failedAttempts'>>>>>;
}

export const SAMPLE_INTERVAL_MS = 5_000;
/** Of each range. */
export const POINTS = 180;
/** Samples that are rolled up into one point: 180 of them are the range. */
const SAMPLES_PER_POINT = { '15m': 1, '1h': 4, '24h': 96, '7d': 672 } as const;
export type TimelineRange = keyof typeof SAMPLES_PER_POINT;
export const RANGES = ['15m', '1h', '24h', '7d'] as const satisfies readonly TimelineRange[];
/** Points of 15 minutes that a sparkline leaves out between two: 30 bars are as many as can be told apart. */
const SPARKLINE_STEP = 6;

const PATHS = ['direct', 'gateway'] as const;
const COUNTS = ['requests', 'failures', 'attempts', 'failedAttempts', 'failovers'] as const;
const PERCENTILES = ['p50', 'p95', 'p99'] as const;
const FIGURES = [...COUNTS, ...PERCENTILES, 'breaker'] as const;
const BREAKER_LEVELS: Readonly<Record<string, number>> = { closed: 0, 'half-open': 1, open: 2 };
/** The share, and then the figures of each path. */
const WIDTH = 1 + PATHS.length * FIGURES.length;

/** One range: a ring of points, each of them of some samples. */
class Ring {
  readonly #samplesPerPoint: number;
  readonly #at = new Float64Array(POINTS);
  readonly #rows = new Map<string, Float32Array>();
  /** Samples so far. */
  #count = 0;

  constructor(samplesPerPoint: number) {
    this.#samplesPerPoint = samplesPerPoint;
  }

  get stepSeconds(): number {
    return (this.#samplesPerPoint * SAMPLE_INTERVAL_MS) / 1_000;
  }

  /** Points so far, the one that grows among them. */
  get points(): number {
    return Math.ceil(this.#count / this.#samplesPerPoint);
  }

  begin(at: number): void {
    this.#count++;
    this.#at[this.#slot] = at;
    if (this.#samplesInPoint > 1) return;
    const row = this.#slot * WIDTH;
    for (const ring of this.#rows.values()) ring.fill(NaN, row, row + WIDTH);
  }

  add(id: string, sample: Float32Array): void {
    let ring = this.#rows.get(id);
    if (!ring) this.#rows.set(id, (ring = new Float32Array(POINTS * WIDTH).fill(NaN)));
    const first = this.#slot * WIDTH;
    const samples = this.#samplesInPoint;
    for (let i = 0; i < WIDTH; i++) {
      ring[first + i] = rolledUp(i, ring[first + i] as number, sample[i] as number, samples);
    }
  }

  forget(id: string): void {
    this.#rows.delete(id);
  }

  /** Slots of the ring, oldest first. */
  slots(): readonly number[] {
    const length = Math.min(this.points, POINTS);
    return Array.from({ length }, (_, i) => (this.points - length + i) % POINTS);
  }

  times(slots: readonly number[]): number[] {
    return slots.map((slot) => (this.#at[slot] as number) / 1_000);
  }

  column(id: string, slots: readonly number[], offset: number): Column {
    const ring = this.#rows.get(id);
    return slots.map((slot) => {
      const value = ring?.[slot * WIDTH + offset] ?? NaN;
      return Number.isNaN(value) ? null : Number(value.toPrecision(6));
    });
  }

  get #slot(): number {
    return (this.points - 1) % POINTS;
  }

  get #samplesInPoint(): number {
    return ((this.#count - 1) % this.#samplesPerPoint) + 1;
  }
}

/** Counts on average, a share as it is now, percentiles and breakers at their worst: a short fault stays to be seen. */
function rolledUp(offset: number, before: number, sample: number, samples: number): number {
  if (offset === 0) return sample;
  const isCount = (offset - 1) % FIGURES.length < COUNTS.length;
  if (Number.isNaN(sample)) return before;
  if (!isCount) return Number.isNaN(before) ? sample : Math.max(before, sample);
  // What was not measured before had no request.
  const mean = Number.isNaN(before) ? 0 : before;
  return mean + (sample - mean) / samples;
}

export class Timeline {
  readonly #options: TimelineOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #rings = new Map(RANGES.map((range) => [range, new Ring(SAMPLES_PER_POINT[range])]));
  readonly #known = new Set<string>();
  readonly #sample = new Float32Array(WIDTH);

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes one sample of every route; routes that left the table are forgotten. */
  sample(): void {
    const at = this.#options.now();
    for (const ring of this.#rings.values()) ring.begin(at);
    const left = new Set(this.#known);
    for (const route of this.#options.routes()) {
      left.delete(route.id);
      this.#take(route);
    }
    for (const id of left) {
      this.#known.delete(id);
      for (const ring of this.#rings.values()) ring.forget(id);
    }
  }

  /** A route without traffic has times only. */
  read(id: string, range: TimelineRange): Series {
    const ring = this.#ringOf(range);
    const slots = ring.slots();
    const seriesOf = (path: Path): PathSeries =>
      Object.fromEntries(
        FIGURES.map((figure) => [figure, ring.column(id, slots, offsetOf(path, figure))]),
      ) as unknown as PathSeries;
    return {
      step: ring.stepSeconds,
      at: ring.times(slots),
      gateway: ring.column(id, slots, 0),
      paths: { direct: seriesOf('direct'), gateway: seriesOf('gateway') },
    };
  }

  /** For the board: of every route that was attempted in the last 15 minutes. */
  sparklines(): Sparklines {
    const ring = this.#ringOf('15m');
    const beforeFirst = ring.points - Math.min(ring.points, POINTS);
    // The same samples at every read, so that a bar does not change its height as it wanders.
    const slots = ring.slots().filter((_, i) => (beforeFirst + i) % SPARKLINE_STEP === 0);
    const figures = (id: string, path: Path) => ({
      attempts: ring.column(id, slots, offsetOf(path, 'attempts')),
      failedAttempts: ring.column(id, slots, offsetOf(path, 'failedAttempts')),
    });
    const routes = [...this.#known]
      .map((id) => [id, { direct: figures(id, 'direct'), gateway: figures(id, 'gateway') }] as const)
      .filter(([, paths]) => PATHS.some((path) => paths[path].attempts.some((count) => count !== null && count > 0)));
    return { at: ring.times(slots), routes: Object.fromEntries(routes) };
  }

  #take({ id, gateway, recent, breaker }: TimedRoute): void {
    const minutes = PATHS.map(recent);
    if (!this.#known.has(id)) {
      if (minutes.every((minute) => !minute || minute.requests + minute.attempts === 0)) return;
      this.#known.add(id);
    }
    const row = this.#sample;
    row[0] = gateway;
    PATHS.forEach((path, i) => {
      const minute = minutes[i];
      for (const figure of [...COUNTS, ...PERCENTILES]) row[offsetOf(path, figure)] = minute?.[figure] ?? NaN;
      row[offsetOf(path, 'breaker')] = minute ? (BREAKER_LEVELS[breaker(path)] ?? 0) : NaN;
    });
    for (const ring of this.#rings.values()) ring.add(id, row);
  }

  #ringOf(range: TimelineRange): Ring {
    return this.#rings.get(range) as Ring;
  }
}

const offsetOf = (path: Path, figure: (typeof FIGURES)[number]): number =>
  1 + PATHS.indexOf(path) * FIGURES.length + FIGURES.indexOf(figure);

const query = z.strictObject({ range: z.enum(RANGES).default('1h') });

/** GET /api/routes/:id/timeline?range=15m|1h|24h|7d. @param has whether the table has such a route */
export function timelineOf(timeline: Timeline, has: (id: string) => boolean) {
  return (req: Request<{ id: string }>, res: Response): void => {
    const { id } = req.params;
    if (has(id)) res.json(timeline.read(id, readAs(query, req.query).range));
    else refuse(req, res, UNKNOWN_ROUTE);
  };
}
