import type { Request, Response } from 'express';
import { refuse } from '../../http/page-errors.ts';
import type { Recent } from '../observe/recent.ts';
import type { Path } from '../rollout/route.ts';
import { UNKNOWN_ROUTE } from './answer.ts';

/**
 * The last hour of each route, for the plots of the console, which would begin empty without it: the figures of the last
 * minute, taken every five seconds into a ring. Numbers only, single precision, 37 kB a route that ever served, nothing
 * for the others. It is for looking; what must be kept longer is what Prometheus is for.
 */

export interface TimedRoute {
  readonly id: string;
  /** Percent. */
  readonly gateway: number;
  readonly recent: (path: Path) => Recent | undefined;
}

interface TimelineOptions {
  readonly routes: () => readonly TimedRoute[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface PathSeries {
  /** Requests, failures and attempts of the minute before. */
  readonly requests: readonly (number | null)[];
  readonly failures: readonly (number | null)[];
  readonly attempts: readonly (number | null)[];
  readonly failedAttempts: readonly (number | null)[];
  readonly failovers: readonly (number | null)[];
  /** Milliseconds; null where nothing was served. */
  readonly p95: readonly (number | null)[];
}

/** Columns of equal length, oldest first. */
interface Series {
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly gateway: readonly (number | null)[];
  readonly paths: Readonly<Record<Path, PathSeries>>;
}

/** Milliseconds. */
export const SAMPLE_INTERVAL_MS = 5_000;
export const SAMPLES = 720;

const PATHS = ['direct', 'gateway'] as const;
const FIGURES = ['requests', 'failures', 'attempts', 'failedAttempts', 'failovers', 'p95'] as const;
/** The share, and then the figures of each path. */
const WIDTH = 1 + PATHS.length * FIGURES.length;

export class Timeline {
  readonly #options: TimelineOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #at = new Float64Array(SAMPLES);
  readonly #rings = new Map<string, Float32Array>();
  /** Samples so far. */
  #count = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes one sample of every route; routes that left the table are forgotten. */
  sample(): void {
    const slot = this.#count++ % SAMPLES;
    this.#at[slot] = this.#options.now();
    const left = new Set(this.#rings.keys());
    for (const route of this.#options.routes()) {
      left.delete(route.id);
      this.#write(route, slot);
    }
    for (const id of left) this.#rings.delete(id);
  }

  /** Of a route that never served, the times alone. */
  read(id: string): Series {
    const ring = this.#rings.get(id);
    const length = Math.min(this.#count, SAMPLES);
    const slots = Array.from({ length }, (_, i) => (this.#count - length + i) % SAMPLES);
    const column = (offset: number) =>
      slots.map((slot) => {
        const value = ring?.[slot * WIDTH + offset] ?? NaN;
        return Number.isNaN(value) ? null : Number(value.toPrecision(6));
      });
    const seriesOf = (path: Path): PathSeries => {
      const first = 1 + PATHS.indexOf(path) * FIGURES.length;
      return Object.fromEntries(FIGURES.map((figure, i) => [figure, column(first + i)])) as unknown as PathSeries;
    };
    return {
      at: slots.map((slot) => (this.#at[slot] as number) / 1_000),
      gateway: column(0),
      paths: { direct: seriesOf('direct'), gateway: seriesOf('gateway') },
    };
  }

  #write({ id, gateway, recent }: TimedRoute, slot: number): void {
    const figures = PATHS.map(recent);
    let ring = this.#rings.get(id);
    if (!ring) {
      if (figures.every((minute) => !minute || minute.requests + minute.attempts === 0)) return;
      ring = new Float32Array(SAMPLES * WIDTH).fill(NaN);
      this.#rings.set(id, ring);
    }
    const row = slot * WIDTH;
    ring[row] = gateway;
    figures.forEach((minute, path) => {
      FIGURES.forEach((figure, i) => (ring[row + 1 + path * FIGURES.length + i] = minute?.[figure] ?? NaN));
    });
  }
}

/** GET /api/routes/:id/timeline. @param has whether the table has such a route */
export function timelineOf(timeline: Timeline, has: (id: string) => boolean) {
  return (req: Request<{ id: string }>, res: Response): void => {
    const { id } = req.params;
    if (has(id)) res.json(timeline.read(id));
    else refuse(req, res, UNKNOWN_ROUTE);
  };
}
