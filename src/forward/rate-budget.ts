import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { parseRetryAfter } from './retry-after.ts';

/**
 * The rate budget of an upstream: so many requests a period, a burst on top, and a queue in order of arrival for
 * those who may wait. Who would have to wait longer than `longestWait` is refused at once, with the time after which
 * it is worth coming back: a queue without that bound turns a spent budget into an outage (everyone waits, nobody is
 * answered). The limiter itself is rate-limiter-flexible; in memory here, and one shared in Postgres fits the same place.
 */

export interface RateBudgetSettings {
  readonly requests: number;
  /** Milliseconds. */
  readonly period: number;
  readonly burst: number;
  /** Milliseconds. */
  readonly longestWait: number;
}

export interface Waiter {
  /** @param waited milliseconds in the queue. */
  granted(waited: number): void;
  /** @param retryAfter milliseconds. */
  refused(retryAfter: number): void;
}

interface Place {
  readonly waiter: Waiter;
  readonly since: number;
}

type Limiter = Pick<RateLimiterAbstract, 'consume' | 'get'>;

/** The burst comes back once in ten periods: it is for peaks, not a second budget. */
const BURST_PERIODS = 10;
const KEY = 'upstream';

export class RateBudget {
  readonly settings: RateBudgetSettings;
  readonly #limiter: Limiter;
  readonly #now: () => number;
  readonly #queue: Place[] = [];
  #pausedUntil = 0;
  #asking = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the limiter will next have something to give, as far as is known. */
  #nextAt = 0;

  constructor(settings: RateBudgetSettings, now: () => number, limiter = memoryLimiter(settings)) {
    this.settings = settings;
    this.#now = now;
    this.#limiter = limiter;
  }

  /** Asks for one request. The waiter hears once, perhaps at once; unless it is taken out by {@link cancel} before. */
  take(waiter: Waiter): void {
    const wait = this.#expectedWait(this.#queue.length);
    if (wait > this.settings.longestWait) return waiter.refused(wait);
    this.#queue.push({ waiter, since: this.#now() });
    this.#pump();
  }

  /**
   * One request out of what live traffic leaves over: never waits, and is refused while anybody else does, or when half
   * of the period's requests are gone. For shadows, which may be dropped.
   */
  async takeSpare(): Promise<boolean> {
    if (this.#queue.length > 0 || this.#pausedUntil > this.#now()) return false;
    try {
      const left = (await this.#limiter.get(KEY))?.remainingPoints ?? this.settings.requests;
      if (left * 2 <= this.settings.requests) return false;
      await this.#limiter.consume(KEY, 1);
      return true;
    } catch {
      // Refused; or the limiter failed, and then nobody knows what is spare.
      return false;
    }
  }

  /** The caller left: its place goes to the next. */
  cancel(waiter: Waiter): void {
    const at = this.#queue.findIndex((place) => place.waiter === waiter);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** The upstream said 429: nobody asks again before `ms` milliseconds have passed. Those who cannot wait so long are refused. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + ms);
    const waiting = this.#queue.splice(0);
    for (const place of waiting) {
      const wait = this.#expectedWait(this.#queue.length) + this.#now() - place.since;
      if (wait > this.settings.longestWait) place.waiter.refused(wait);
      else this.#queue.push(place);
    }
    this.#pump();
  }

  /** The same, for as long as a Retry-After header says; a missing or senseless one changes nothing. */
  pauseFor(retryAfter: string | undefined): void {
    const ms = parseRetryAfter(retryAfter, Date.now());
    if (ms !== undefined) this.pause(ms);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { waiter } of this.#queue.splice(0)) waiter.refused(this.settings.period);
  }

  /** Milliseconds that the request behind `ahead` others has to wait, 0 when the budget is not known to be spent. */
  #expectedWait(ahead: number): number {
    const now = this.#now();
    const first = Math.max(this.#nextAt - now, this.#pausedUntil - now, 0);
    // The limiter was not asked yet for those ahead; if it refuses, whoever cannot wait is refused then.
    return first === 0 && ahead < this.settings.requests + this.settings.burst
      ? 0
      : first + Math.floor(ahead / this.settings.requests) * this.settings.period;
  }

  #pump(): void {
    if (this.#asking || this.#queue.length === 0) return;
    const wait = this.#pausedUntil - this.#now();
    if (wait > 0) return this.#wake(wait);
    this.#asking = true;
    this.#limiter.consume(KEY, 1).then(
      () => this.#grant(),
      (refusal: unknown) => this.#wait(refusal),
    );
  }

  #grant(): void {
    this.#asking = false;
    this.#nextAt = 0;
    const place = this.#queue.shift();
    if (place) place.waiter.granted(this.#now() - place.since);
    this.#pump();
  }

  #wait(refusal: unknown): void {
    this.#asking = false;
    // Only a refusal says how long to wait; a limiter that failed (a lost database, later) must not stop the traffic.
    if (!(refusal instanceof RateLimiterRes)) return this.#grant();
    const wait = Math.max(1, Math.min(refusal.msBeforeNext, this.settings.period));
    this.#nextAt = this.#now() + wait;
    this.#refuseWhoCannotWait();
    this.#wake(wait);
  }

  #refuseWhoCannotWait(): void {
    const kept = this.#queue.filter(({ waiter, since }, ahead) => {
      const wait = this.#expectedWait(ahead) + this.#now() - since;
      const patient = wait <= this.settings.longestWait;
      if (!patient) waiter.refused(wait);
      return patient;
    });
    this.#queue.splice(0, this.#queue.length, ...kept);
  }

  #wake(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), ms).unref();
  }
}

function memoryLimiter({ requests, period, burst }: RateBudgetSettings): Limiter {
  const seconds = period / 1000;
  const steady = new RateLimiterMemory({ points: requests, duration: seconds, keyPrefix: 'steady' });
  if (burst === 0) return steady;
  const bursty = new BurstyRateLimiter(
    steady,
    new RateLimiterMemory({ points: burst, duration: seconds * BURST_PERIODS, keyPrefix: 'burst' }),
  );
  return { consume: (key, points) => bursty.consume(key, points), get: (key) => steady.get(key) };
}
