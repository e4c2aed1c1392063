import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { BreakerSettings } from '../rollout/route.ts';
import { RollingRate } from '../../http/rolling-rate.ts';
import type { CallerStanding } from '../../http/standing.ts';

/**
 * The breaker of one route and path. opossum keeps the window, judges it and owns the states and the reset timer; the
 * request itself never runs inside it. It is asked first (`acquire`) and told the verdict when there is one (`report`).
 * That order is what disarms its traps:
 * - its one AbortController and its timeout are not used, every attempt has its own deadline, so a probe always ends;
 * - a neutral outcome (4xx, the caller left, a full bulkhead) is simply not reported, where an `errorFilter` would emit
 *   `success` and close a half-open breaker;
 * - a permit carries the epoch it was given in: what began before a change of state and ends after it says nothing;
 * - the bulkhead stands outside, so its refusals cannot open the breaker;
 * - what strangers ask for is no sign of the upstream's health: whoever may send what he likes can have it fail, or
 *   succeed, at will. An open breaker refuses strangers too; they are never its probe, and a half-open one lets them by
 *   (within their part of the bulkhead), since it would else refuse them until a known caller comes;
 * - percentiles and snapshots are off, and one rotation timer serves all breakers with the same window.
 */

export type BreakerState = 'closed' | 'half-open' | 'open';
export type Judgement = 'success' | 'failure' | 'neutral';

/** Refused: the breaker is open, or half-open with its probe under way. Every other number is a permit. */
export const REFUSED = -1;
/** The permit of a stranger: no report of it is heard. */
const UNJUDGED = -2;

/** A message from another process may take so long. */
const CROSS_PROCESS_SKEW_MS = 250;
const FAULT = new Error('upstream fault');
/** opossum's action: the attempt is over, so all that is left to do is to say how it ended. */
const judge = (failed: boolean): Promise<void> => (failed ? Promise.reject(FAULT) : Promise.resolve());
const ignore = (): void => undefined;
const NO_ARGUMENTS: [boolean] = [false];

interface BreakerOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** @param isFollowed it was told by {@link Breaker.follow}. */
  readonly onChange?: (state: BreakerState, isFollowed: boolean) => void;
}

export class Breaker {
  readonly settings: BreakerSettings;
  #circuit: CircuitBreaker<[boolean], void>;
  readonly #slow: RollingRate;
  readonly #options: BreakerOptions;
  #epoch = 0;
  #openedAt = 0;
  #probing = false;
  #isFollowing = false;
  state: BreakerState = 'closed';

  constructor(settings: BreakerSettings, options: BreakerOptions) {
    this.settings = settings;
    this.#options = options;
    this.#slow = new RollingRate(settings.windowMs);
    this.#circuit = this.#createCircuit();
  }

  /** A permit for one attempt, to be given back with {@link report}; or {@link REFUSED}. */
  acquire(standing: CallerStanding): number {
    if (standing === 'stranger') return this.state === 'open' ? REFUSED : UNJUDGED;
    if (this.state === 'closed') return this.#epoch;
    if (this.state === 'open' || this.#probing) return REFUSED;
    this.#probing = true;
    return this.#epoch;
  }

  /**
   * Gives a permit back with what became of the attempt. Must be called once for every permit, whatever happened.
   * @param now milliseconds of the breaker's clock.
   * @param duration milliseconds that the upstream took to begin its answer; one slower than `slowCall` counts as slow, even if it succeeded.
   */
  report(permit: number, judgement: Judgement, duration: number, now = this.#options.now()): void {
    if (permit !== this.#epoch) return;
    if (judgement === 'neutral') {
      this.#probing = false;
      return;
    }
    // A probe with a verdict ends with the change of state, a microtask later: until then nobody else gets through.
    const slow = duration >= this.settings.slowCallMs;
    // A probe that succeeds slowly shows that nothing has got better.
    const failed = judgement === 'failure' || (slow && this.state === 'half-open');
    if (failed || this.state !== 'closed') this.#circuit.fire(failed).catch(ignore);
    else this.#countSuccess();
    if (this.state !== 'closed') return;
    this.#slow.record(now, slow);
    const { total, marked } = this.#slow;
    if (total >= this.settings.volumeThreshold && marked / total >= this.settings.slowRate) this.#circuit.open();
  }

  /** Milliseconds until a probe may be let through; 0 unless open. */
  retryAfter(): number {
    return this.state === 'open' ? Math.max(0, this.#openedAt + this.settings.resetMs - this.#options.now()) : 0;
  }

  /** Opens at once: for settings that changed while the old breaker was open. */
  open(): void {
    this.#circuit.open();
  }

  /**
   * Another process's breaker of the same path changed: what one has learnt, all know. While another one probes, this
   * one waits for what it finds; and it waits a little longer than the one that opened first, so that one probe goes
   * out and not one a process. Should nothing be heard any more, it probes by itself.
   */
  follow(state: BreakerState): void {
    const isNews = state === 'open' ? this.state !== 'open' : this.state !== 'closed';
    if (!isNews) return;
    this.#isFollowing = true;
    if (state === 'closed') this.#circuit.close();
    else this.#rest();
    this.#isFollowing = false;
  }

  /** Ends its timers. For routes that left the table, and at the end of the process. */
  shutdown(): void {
    this.#circuit.shutdown();
  }

  /** Open, from now on, and for longer than by itself. */
  #rest(): void {
    const { resetMs } = this.settings;
    this.#circuit.shutdown();
    this.#circuit = this.#createCircuit(resetMs + Math.max(resetMs / 5, CROSS_PROCESS_SKEW_MS));
    this.#circuit.open();
  }

  /** What `fire` does for a success of a closed breaker, without its three promises: nothing but to count. */
  #countSuccess(): void {
    this.#circuit.emit('fire', NO_ARGUMENTS);
    this.#circuit.emit('success', undefined, 0);
  }

  #createCircuit(resetMs = this.settings.resetMs): CircuitBreaker<[boolean], void> {
    const { errorRate, volumeThreshold, windowMs } = this.settings;
    const circuit = new CircuitBreaker(judge, {
      timeout: false,
      // opossum opens above the threshold; an operator who writes 0.5 means half.
      errorThresholdPercentage: errorRate * 100 - 1e-9,
      volumeThreshold,
      resetTimeout: resetMs,
      rollingCountTimeout: windowMs,
      rollingCountBuckets: 10,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: rotationFor(windowMs),
    });
    circuit.on('open', () => this.#enter('open'));
    circuit.on('halfOpen', () => this.#enter('half-open'));
    circuit.on('close', () => {
      // opossum keeps its window over a recovery: one more failure would meet the old ones and open it again.
      circuit.shutdown();
      this.#circuit = this.#createCircuit();
      this.#enter('closed');
    });
    return circuit;
  }

  #enter(state: BreakerState): void {
    this.state = state;
    this.#epoch++;
    this.#probing = false;
    this.#slow.reset();
    if (state === 'open') this.#openedAt = this.#options.now();
    this.#options.onChange?.(state, this.#isFollowing);
  }
}

const rotations = new Map<number, EventEmitter>();

/** One timer per length of window instead of one per breaker: a thousand routes would tick two thousand times a second. */
function rotationFor(windowMs: number): EventEmitter {
  let rotation = rotations.get(windowMs);
  if (!rotation) {
    const emitter = new EventEmitter().setMaxListeners(0);
    setInterval(() => emitter.emit('rotate'), windowMs / 10).unref();
    rotations.set(windowMs, (rotation = emitter));
  }
  return rotation;
}
