import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { parseRetryAfter } from './retry-after.ts';
import { strangersPart, type CallerStanding } from './standing.ts';

/**
 * The rate budget of an upstream: so many requests a period, a burst on top, and a queue in order of arrival for
 * those who may wait. Who would have to wait longer than `maxWaitMs` is refused at once, with the time after which
 * it is worth coming back: a queue without that bound turns a spent budget into an outage (everyone waits, nobody is
 * answered). The limiter itself is rate-limiter-flexible; in memory here, and one shared in Postgres fits the same place.
 *
 * Strangers have a lane of their own: their own queue, their own pauses, and of each period at most their part of the
 * requests, counted in the very period of the budget. Known callers may spend all that strangers did not, so they always
 * have theirs, and no stranger waits in front of them. The burst is for known callers.
 */

export interface RateBudgetSettings {
  readonly requests: number;
  readonly periodMs: number;
  readonly burst: number;
  readonly maxWaitMs: number;
  /** Share of the requests of a period, 0..1, that strangers cannot spend. */
  readonly knownShare: number;
}

export interface Waiter {
  /** @param waitedMs in the queue. */
  granted(waitedMs: number): void;
  refused(retryAfterMs: number): void;
}

interface QueuePlace {
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
  readonly #lanes: Readonly<Record<CallerStanding, Lane>>;
  readonly #strangersAtMost: number;
  /** What strangers spent of the period that ends then. */
  #spentByStrangers = 0;
  #periodEndsAt = 0;

  constructor(settings: RateBudgetSettings, now: () => number, limiter = memoryLimiter(settings)) {
    const { requests, burst, knownShare } = settings;
    this.settings = settings;
    this.#now = now;
    this.#limiter = limiter;
    this.#strangersAtMost = strangersPart(requests, knownShare);
    const shared = { ...settings, now };
    this.#lanes = {
      known: new Lane({ ...shared, atOnce: requests + burst, consume: () => limiter.consume(KEY, 1) }),
      stranger: new Lane({
        ...shared,
        requests: this.#strangersAtMost,
        atOnce: this.#strangersAtMost,
        consume: () => this.#consumeForStranger(),
      }),
    };
  }

  /** Asks for one request. The waiter hears once, perhaps at once; unless it is taken out by {@link cancel} before. */
  take(waiter: Waiter, standing: CallerStanding): void {
    this.#lanes[standing].take(waiter);
  }

  /**
   * One request out of what live traffic leaves over: never waits, and is refused while a known caller does, or when half
   * of the period's requests are gone. For shadows, which may be dropped.
   */
  async takeSpare(): Promise<boolean> {
    if (this.#lanes.known.isHeldUp) return false;
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
  cancel(waiter: Waiter, standing: CallerStanding): void {
    this.#lanes[standing].cancel(waiter);
  }

  /**
   * The upstream said 429: nobody asks again before `ms` milliseconds have passed. Those who cannot wait so long are
   * refused. What a stranger was answered concerns strangers alone: with a token that is past its limit it could keep
   * everybody out, for as long as the upstream says.
   */
  pause(ms: number, standing: CallerStanding): void {
    this.#lanes.stranger.pause(ms);
    if (standing === 'known') this.#lanes.known.pause(ms);
  }

  /** The same, for as long as a Retry-After header says; a missing or senseless one changes nothing. */
  pauseFor(retryAfter: string | undefined, standing: CallerStanding): void {
    const ms = parseRetryAfter(retryAfter, Date.now());
    if (ms !== undefined) this.pause(ms, standing);
  }

  close(): void {
    this.#lanes.known.close();
    this.#lanes.stranger.close();
  }

  /** @returns milliseconds to wait where there is nothing left for strangers. */
  async #consumeForStranger(): Promise<RateLimiterRes | number> {
    const now = this.#now();
    if (now >= this.#periodEndsAt) {
      this.#spentByStrangers = 0;
      this.#periodEndsAt = now + this.settings.periodMs;
    }
    if (this.#spentByStrangers >= this.#strangersAtMost) return this.#periodEndsAt - now;
    const left = await this.#limiter.get(KEY);
    // To consume more than is left would take from the burst.
    if (left !== null && left.remainingPoints <= 0) return left.msBeforeNext;
    this.#spentByStrangers++;
    const taken = await this.#limiter.consume(KEY, 1);
    this.#periodEndsAt = this.#now() + taken.msBeforeNext;
    return taken;
  }
}

interface LaneOptions {
  /** Of each period. */
  readonly requests: number;
  /** How many may be granted before the limiter is known to refuse. */
  readonly atOnce: number;
  readonly periodMs: number;
  readonly maxWaitMs: number;
  readonly now: () => number;
  /** Where there is nothing left: resolves with the milliseconds to wait, or rejects with the RateLimiterRes that has them. */
  readonly consume: () => Promise<RateLimiterRes | number>;
}

/** A queue in order of arrival in front of the limiter, which is asked for one request at a time. */
class Lane {
  readonly #options: LaneOptions;
  readonly #queue: QueuePlace[] = [];
  #pausedUntil = 0;
  #asking = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the limiter will next have something to give, as far as is known. */
  #nextAt = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Somebody waits, or the upstream asked for a pause. */
  get isHeldUp(): boolean {
    return this.#queue.length > 0 || this.#pausedUntil > this.#options.now();
  }

  take(waiter: Waiter): void {
    const { requests, periodMs, maxWaitMs, now } = this.#options;
    const wait = requests === 0 ? periodMs : this.#expectedWait(this.#queue.length);
    if (requests === 0 || wait > maxWaitMs) return waiter.refused(wait);
    this.#queue.push({ waiter, since: now() });
    this.#pump();
  }

  cancel(waiter: Waiter): void {
    const at = this.#queue.findIndex((place) => place.waiter === waiter);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  pause(ms: number): void {
    const { now, maxWaitMs } = this.#options;
    this.#pausedUntil = Math.max(this.#pausedUntil, now() + ms);
    const waiting = this.#queue.splice(0);
    for (const place of waiting) {
      const wait = this.#expectedWait(this.#queue.length) + now() - place.since;
      if (wait > maxWaitMs) place.waiter.refused(wait);
      else this.#queue.push(place);
    }
    this.#pump();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { waiter } of this.#queue.splice(0)) waiter.refused(this.#options.periodMs);
  }

  /** Milliseconds that the request behind `ahead` others has to wait, 0 when the budget is not known to be spent. */
  #expectedWait(ahead: number): number {
    const { requests, atOnce, periodMs } = this.#options;
    const now = this.#options.now();
    const first = Math.max(this.#nextAt - now, this.#pausedUntil - now, 0);
    // The limiter was not asked yet for those ahead; if it refuses, whoever cannot wait is refused then.
    return first === 0 && ahead < atOnce ? 0 : first + Math.floor(ahead / requests) * periodMs;
  }

  #pump(): void {
    if (this.#asking || this.#queue.length === 0) return;
    const wait = this.#pausedUntil - this.#options.now();
    if (wait > 0) return this.#wake(wait);
    this.#asking = true;
    this.#options.consume().then(
      (answer) => (typeof answer === 'number' ? this.#wait(answer) : this.#grant()),
      // Only a refusal says how long to wait; a limiter that failed (a lost database, later) must not stop the traffic.
      (error: unknown) => (error instanceof RateLimiterRes ? this.#wait(error.msBeforeNext) : this.#grant()),
    );
  }

  #grant(): void {
    this.#asking = false;
    this.#nextAt = 0;
    const place = this.#queue.shift();
    if (place) place.waiter.granted(this.#options.now() - place.since);
    this.#pump();
  }

  #wait(ms: number): void {
    this.#asking = false;
    const wait = Math.max(1, Math.min(ms, this.#options.periodMs));
    this.#nextAt = this.#options.now() + wait;
    this.#refuseWhoCannotWait();
    this.#wake(wait);
  }

  #refuseWhoCannotWait(): void {
    const { now, maxWaitMs } = this.#options;
    const kept = this.#queue.filter(({ waiter, since }, ahead) => {
      const wait = this.#expectedWait(ahead) + now() - since;
      const patient = wait <= maxWaitMs;
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

function memoryLimiter({ requests, periodMs, burst }: RateBudgetSettings): Limiter {
  const seconds = periodMs / 1000;
  const steady = new RateLimiterMemory({ points: requests, duration: seconds, keyPrefix: 'steady' });
  if (burst === 0) return steady;
  const bursty = new BurstyRateLimiter(
    steady,
    new RateLimiterMemory({ points: burst, duration: seconds * BURST_PERIODS, keyPrefix: 'burst' }),
  );
  return { consume: (key, points) => bursty.consume(key, points), get: (key) => steady.get(key) };
}
