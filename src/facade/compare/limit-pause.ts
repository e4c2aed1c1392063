import { parseRetryAfter } from '../../http/retry-after.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { PathAnswer } from './comparison.ts';
import { headerOf } from './head.ts';
import { understood } from './understood.ts';

/**
 * After a 429 nothing is copied or read back for as long as the upstream asked, whichever path said it: both end in the
 * same CRM, and what callers are refused for must not be spent on copies. A rate budget pauses by itself; this holds
 * without one, too.
 */

/** Milliseconds, where no Retry-After says how long: a gateway that wraps the 429 of the CRM loses the header. */
const DEFAULT_PAUSE_MS = 10_000;

export class LimitPause {
  readonly #now: () => number;
  #until = -Infinity;

  /** @param now milliseconds, monotonic */
  constructor(now: () => number) {
    this.#now = now;
  }

  get isOn(): boolean {
    return this.#now() < this.#until;
  }

  /** Takes note of an answer. True: it is a 429, in disguise or not. @param longest bytes that its body may unpack to */
  note(route: RouteModel, answer: PathAnswer, longest: number): boolean {
    if (answer.failure !== undefined || answer.status < 400) return false;
    if (understood(route, answer, longest).status !== 429) return false;
    const asked = parseRetryAfter(headerOf(answer.rawHeaders, 'retry-after'), Date.now());
    this.#until = Math.max(this.#until, this.#now() + (asked ?? DEFAULT_PAUSE_MS));
    return true;
  }
}
