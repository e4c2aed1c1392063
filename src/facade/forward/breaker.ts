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
 *
 * opossum closes a half-open circuit at the first success. Here it stays half-open while the share that is let through
 * rises ({@link RAMP_PERCENT}), and is told of the last step alone. What frees it and when a write may: docs/decisions/0014.
 */

export type BreakerState = 'closed' | 'half-open' | 'open';
export type Judgement = 'success' | 'failure' | 'neutral';

/** Refused: the breaker is open, or half-open and this request is not let through. Every other number is a permit. */
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

/** The health checks of a breaker's upstream, as far as they free it. */
export interface HealthGate {
  /** Checks run and say something: an open breaker waits for them. */
  readonly isChecked: boolean;
  /** Have enough checks in a row succeeded that all began later than `since`, milliseconds of the breaker's clock? */
  isProvenSince(since: number): boolean;
}

interface BreakerOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** @param isFollowed it was told by {@link Breaker.follow}. */
  readonly onChange?: (state: BreakerState, isFollowed: boolean) => void;
  /** Left out: nothing is checked. */
  readonly health?: HealthGate;
  /** No read ever asks for a permit; left out: reads do. */
  readonly isOfWrites?: () => boolean;
}

/** Percent of the attempts that each step of the ramp lets through; step 0 lets one probe at a time. */
const RAMP_PERCENT = [0, 1, 5, 25] as const;
const FIRST_STEP = 1;
/** A step ends after so many successes, or after `rampStep`. */
const STEP_SUCCESSES = 10;
/** opossum's words for a circuit that begins half-open. */
const HALF_OPEN = {
  name: '',
  enabled: true,
  closed: false,
  open: false,
  halfOpen: true,
  warmUp: false,
  shutdown: false,
};

export class Breaker {
  readonly settings: BreakerSettings;
  #circuit: CircuitBreaker<[boolean], void>;
  readonly #slow: RollingRate;
  readonly #options: BreakerOptions;
  #epoch = 0;
  #openedAt = 0;
  #halfOpenAt = 0;
  /** Of the ramp. */
  #step = 0;
  /** Permits of the half-open state that are not given back. */
  #underWay = 0;
  /** Of this step. */
  #successes = 0;
  /** Percent that this step has gathered for its next permit. */
  #credit = 0;
  /** The time of this step is over, and nothing that it let through was answered. */
  #isStepOver = false;
  /** Ends the step, or the wait of a follower. */
  #timer: NodeJS.Timeout | undefined;
  /** `reset` is over, and the upstream is not known to be well. */
  #awaitsHealth = false;
  /** Another process opened first, and is the one to probe. */
  #isFollower = false;
  #isFollowing = false;
  state: BreakerState = 'closed';

  constructor(settings: BreakerSettings, options: BreakerOptions) {
    this.settings = settings;
    this.#options = options;
    this.#slow = new RollingRate(settings.windowMs);
    this.#circuit = this.#createCircuit();
  }

  /** Percent of the attempts that a half-open breaker lets through; 0 while it probes, and undefined unless half-open. */
  get rampPercent(): number | undefined {
    return this.state === 'half-open' ? RAMP_PERCENT[this.#step] : undefined;
  }

  /** Step of the ramp that a half-open breaker is at; 0: it probes, or is not half-open. */
  get rampStep(): number {
    return this.#step;
  }

  /**
   * A permit for one attempt, to be given back with {@link report}; or {@link REFUSED}.
   * @param isWrite it must not be sent twice.
   */
  acquire(standing: CallerStanding, isWrite = false): number {
    if (standing === 'stranger') return this.state === 'open' ? REFUSED : UNJUDGED;
    if (this.state === 'closed') return this.#epoch;
    if (this.state === 'open' || !this.#letsThrough(isWrite)) return REFUSED;
    this.#underWay++;
    return this.#epoch;
  }

  #letsThrough(isWrite: boolean): boolean {
    if (this.#step === 0 && (this.#underWay > 0 || (isWrite && !this.#writeMayProbe()))) return false;
    if (this.#step === 0) return true;
    this.#credit += RAMP_PERCENT[this.#step] as number;
    if (this.#credit < 100) return false;
    this.#credit -= 100;
    return true;
  }

  /**
   * Reads go first. Where none comes for another `reset`, health checks that succeed stand for the probe, and the ramp
   * begins with this write; without health checks the write has to be the probe, or the breaker would never close.
   */
  #writeMayProbe(): boolean {
    const { health, isOfWrites } = this.#options;
    const isChecked = health?.isChecked === true;
    const hasWaited = this.#options.now() - this.#halfOpenAt >= this.settings.resetMs;
    if (!isChecked) return isOfWrites?.() === true || hasWaited;
    if (hasWaited && health.isProvenSince(this.#halfOpenAt)) this.#toStep(FIRST_STEP);
    return this.#step > 0;
  }

  /**
   * Gives a permit back with what became of the attempt. Must be called once for every permit, whatever happened.
   * @param now milliseconds of the breaker's clock.
   * @param duration milliseconds that the upstream took to begin its answer; one slower than `slowCall` counts as slow, even if it succeeded.
   */
  report(permit: number, judgement: Judgement, duration: number, now = this.#options.now()): void {
    if (permit !== this.#epoch) return;
    if (judgement === 'neutral') {
      if (this.state === 'half-open') this.#gaveBack();
      return;
    }
    // A probe with a verdict ends with the change of state, a microtask later: until then nobody else gets through.
    const slow = duration >= this.settings.slowCallMs;
    // A probe that succeeds slowly shows that nothing has got better.
    const failed = judgement === 'failure' || (slow && this.state === 'half-open');
    if (this.state === 'half-open' && !failed && this.settings.rampStepMs > 0) return this.#climb();
    if (failed || this.state !== 'closed') this.#circuit.fire(failed).catch(ignore);
    else this.#countSuccess();
    if (this.state !== 'closed') return;
    this.#slow.record(now, slow);
    const { total, marked } = this.#slow;
    if (total >= this.settings.volumeThreshold && marked / total >= this.settings.slowRate) this.#circuit.open();
  }

  #gaveBack(): void {
    this.#underWay--;
    if (this.#isStepOver && (this.#successes > 0 || this.#underWay === 0)) this.#nextStep();
  }

  /** One success of a half-open breaker. */
  #climb(): void {
    if (this.#step === 0) return this.#toStep(FIRST_STEP);
    if (++this.#successes >= STEP_SUCCESSES) this.#nextStep();
    else this.#gaveBack();
  }

  #nextStep(): void {
    if (this.#step + 1 < RAMP_PERCENT.length) this.#toStep(this.#step + 1);
    else this.#circuit.close();
  }

  /** What is under way stays judged: a failure of an earlier step opens the breaker all the same. */
  #toStep(step: number): void {
    if (this.#step === 0) this.#underWay = 0;
    this.#beginStep(step);
    this.#options.onChange?.('half-open', this.#isFollowing);
  }

  #beginStep(step: number): void {
    clearTimeout(this.#timer);
    this.#step = step;
    this.#successes = this.#credit = 0;
    this.#isStepOver = false;
    if (step > 0) this.#timer = setTimeout(() => this.#endStep(), this.settings.rampStepMs).unref();
  }

  /** Time alone is no success while nothing that was let through comes back. */
  #endStep(): void {
    this.#isStepOver = true;
    if (this.#successes > 0 || this.#underWay === 0) this.#nextStep();
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
   * The upstream was unhealthy and is well again: a breaker that was closed all the time climbs the ramp, too, so that an
   * upstream that has just come back does not get everything at once. One that is open waits for its own time.
   */
  rampUp(): void {
    if (this.state === 'closed' && this.settings.rampStepMs > 0) this.#climbFrom(FIRST_STEP);
  }

  /** There is news of the health checks: another success, or they were switched on or off. */
  healthChecked(): void {
    if (!this.#awaitsHealth || !this.#isFree()) return;
    if (!this.#isFollower) return this.#halfOpen();
    // All processes hear it in the same moment: those that opened later leave the probe to the first one.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#awaitsHealth && this.#isFree()) this.#halfOpen();
    }, CROSS_PROCESS_SKEW_MS).unref();
  }

  /**
   * Another process's breaker of the same path changed: what one has learnt, all know. While another one probes, this
   * one waits for what it finds; and it waits a little longer than the one that opened first, so that one probe goes
   * out and not one a process. Should nothing be heard any more, it probes by itself. The ramp is climbed together.
   * @param step of the ramp, of one that is half-open.
   */
  follow(state: BreakerState, step = 0): void {
    if (!this.#isNews(state, step)) return;
    this.#isFollowing = true;
    if (state === 'closed') this.#circuit.close();
    else if (state === 'open' || step === 0) this.#rest();
    else if (this.state === 'half-open') this.#toStep(step);
    else this.#climbFrom(step);
    this.#isFollowing = false;
  }

  #isNews(state: BreakerState, step: number): boolean {
    if (state === 'open') return this.state !== 'open';
    if (state === 'closed' || this.state !== 'half-open') return this.state !== 'closed';
    if (step > 0 || this.#step > 0 || this.#underWay > 0) return step > this.#step;
    // Both became half-open in the same moment: were each to rest for the other, neither would probe.
    return this.#options.now() - this.#halfOpenAt > CROSS_PROCESS_SKEW_MS;
  }

  /** Ends its timers. For routes that left the table, and at the end of the process. */
  shutdown(): void {
    clearTimeout(this.#timer);
    this.#circuit.shutdown();
  }

  /** Open, from now on, and for longer than by itself. */
  #rest(): void {
    const { resetMs } = this.settings;
    this.#circuit.shutdown();
    this.#circuit = this.#createCircuit({ resetMs: resetMs + Math.max(resetMs / 5, CROSS_PROCESS_SKEW_MS) });
    this.#circuit.open();
    this.#isFollower = true;
  }

  #climbFrom(step: number): void {
    this.#circuit.shutdown();
    this.#circuit = this.#createCircuit({ isHalfOpen: true });
    this.#enter('half-open', step);
  }

  /** Nothing but time keeps it open. */
  #isFree(): boolean {
    const { health } = this.#options;
    return !health?.isChecked || health.isProvenSince(this.#openedAt);
  }

  /** `reset` is over. */
  #resetOver(): void {
    if (this.#isFree()) this.#halfOpen();
    else this.#awaitsHealth = true;
  }

  /** Of a route that only writes, the health checks were the probe. */
  #halfOpen(): void {
    const { health, isOfWrites } = this.#options;
    const isProbed = health?.isChecked === true && isOfWrites?.() === true && this.settings.rampStepMs > 0;
    this.#enter('half-open', isProbed ? FIRST_STEP : 0);
  }

  /** What `fire` does for a success of a closed breaker, without its three promises: nothing but to count. */
  #countSuccess(): void {
    this.#circuit.emit('fire', NO_ARGUMENTS);
    this.#circuit.emit('success', undefined, 0);
  }

  #createCircuit({ resetMs = this.settings.resetMs, isHalfOpen = false } = {}): CircuitBreaker<[boolean], void> {
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
      ...(isHalfOpen ? { state: HALF_OPEN } : {}),
    });
    circuit.on('open', () => this.#enter('open'));
    circuit.on('halfOpen', () => this.#resetOver());
    circuit.on('close', () => {
      // opossum keeps its window over a recovery: one more failure would meet the old ones and open it again.
      circuit.shutdown();
      this.#circuit = this.#createCircuit();
      this.#enter('closed');
    });
    return circuit;
  }

  #enter(state: BreakerState, step = 0): void {
    this.state = state;
    this.#epoch++;
    this.#underWay = 0;
    this.#awaitsHealth = this.#isFollower = false;
    this.#slow.reset();
    this.#beginStep(step);
    if (state === 'open') this.#openedAt = this.#options.now();
    if (state === 'half-open') this.#halfOpenAt = this.#options.now();
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
