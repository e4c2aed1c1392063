import type { HealthGate } from './breaker.ts';

/**
 * What health checks came to, of one upstream. It decides nothing by the clock and asks nobody: it is told of every check,
 * by the process that makes them, and works out whether the upstream is well.
 *
 * An upstream whose first answers are 3xx or 4xx that are not expected is *unproven*: it answers, so the path is rather the
 * mistake. That takes no traffic away and keeps no breaker open. Once a check has succeeded, such an answer fails.
 */

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export interface HealthSettings {
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
  readonly expected: readonly StatusRange[];
}

/** How a check ended; the label of its metric. */
export const HEALTH_RESULTS = [
  'success',
  'unexpected_status',
  'timeout',
  'unreachable',
  'connection_lost',
  'malformed_answer',
  'skipped',
] as const;
export type HealthResult = (typeof HEALTH_RESULTS)[number];

export interface HealthCheck {
  readonly result: HealthResult;
  /** Undefined: no head of an answer came. */
  readonly status?: number | undefined;
  /** Milliseconds. */
  readonly tookMs: number;
}

/**
 * - `unchecked`: no checks are configured. `unknown`: none has said anything yet.
 * - `unproven`: it answers at the path, and never as expected.
 */
export type HealthState = 'unchecked' | 'unknown' | 'unproven' | 'healthy' | 'unhealthy';

/** @param last the check that decided; undefined: the settings changed. */
export type HealthListener = (state: HealthState, before: HealthState, last: HealthCheck | undefined) => void;

export class UpstreamHealth implements HealthGate {
  #settings: HealthSettings | undefined;
  #url: string | undefined;
  #state: HealthState = 'unchecked';
  #hasSucceeded = false;
  #failures = 0;
  /** When the last successes in a row began, oldest first; at most `healthyAfter`. */
  #successes: number[] = [];
  #last: HealthCheck | undefined;
  readonly #now: () => number;
  readonly #listeners = new Set<HealthListener>();
  readonly #checked = new Set<(isBack: boolean) => void>();
  /** A field, since every attempt on the gateway reads it. */
  isUnhealthy = false;

  /** @param now milliseconds of the clock of the breakers. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get settings(): HealthSettings | undefined {
    return this.#settings;
  }

  get state(): HealthState {
    return this.#state;
  }

  /** The newest check; undefined: there was none. */
  get last(): HealthCheck | undefined {
    return this.#last;
  }

  /** While it is unhealthy and answers again: checks that succeeded in a row, and how many make it healthy. */
  get recovery(): { readonly succeeded: number; readonly needed: number } | undefined {
    if (!this.isUnhealthy || this.#successes.length === 0 || !this.#settings) return undefined;
    return { succeeded: this.#successes.length, needed: this.#settings.healthyAfter };
  }

  get isChecked(): boolean {
    return this.#settings !== undefined && this.#state !== 'unproven';
  }

  isProvenSince(since: number): boolean {
    const needed = this.#settings?.healthyAfter ?? 1;
    return this.#successes.length >= needed && (this.#successes[0] as number) >= since;
  }

  /** Hears of every change of the state. */
  subscribe(listener: HealthListener): void {
    this.#listeners.add(listener);
  }

  /** Called after every check that was counted, and after every change of settings. @param hear `isBack`: it was unhealthy, and is well again. */
  onChecked(hear: (isBack: boolean) => void): void {
    this.#checked.add(hear);
  }

  /** Settings of a new table. Another question begins anew; other times do not. @param url of the upstream. */
  configure(settings: HealthSettings | undefined, url: string | undefined): void {
    const before = this.#settings;
    const isSame = before && settings && url === this.#url && isSameQuestion(before, settings);
    this.#settings = settings;
    this.#url = url;
    if (isSame) {
      this.#successes = this.#successes.slice(-settings.healthyAfter);
      return;
    }
    this.#hasSucceeded = false;
    this.#last = undefined;
    this.#failures = 0;
    this.#successes = [];
    this.#enter(settings ? 'unknown' : 'unchecked', undefined);
    for (const hear of this.#checked) hear(false);
  }

  /** A check has ended now. */
  record(check: HealthCheck): void {
    const settings = this.#settings;
    if (!settings || check.result === 'skipped') return;
    this.#last = check;
    const wasUnhealthy = this.isUnhealthy;
    if (check.result === 'success') this.#succeeded(check, settings);
    else if (this.#isPathDoubtful(check)) this.#doubted(check);
    else this.#failed(check, settings);
    for (const hear of this.#checked) hear(wasUnhealthy && !this.isUnhealthy);
  }

  #isPathDoubtful({ result, status = 0 }: HealthCheck): boolean {
    return result === 'unexpected_status' && status < 500 && !this.#hasSucceeded;
  }

  #doubted(check: HealthCheck): void {
    this.#failures = 0;
    this.#successes = [];
    this.#enter('unproven', check);
  }

  #succeeded(check: HealthCheck, { healthyAfter }: HealthSettings): void {
    this.#hasSucceeded = true;
    this.#failures = 0;
    this.#successes.push(this.#now() - check.tookMs);
    if (this.#successes.length > healthyAfter) this.#successes.shift();
    if (this.#state !== 'unhealthy' || this.#successes.length >= healthyAfter) this.#enter('healthy', check);
  }

  #failed(check: HealthCheck, { unhealthyAfter }: HealthSettings): void {
    this.#successes = [];
    if (++this.#failures >= unhealthyAfter) this.#enter('unhealthy', check);
  }

  #enter(state: HealthState, last: HealthCheck | undefined): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.isUnhealthy = state === 'unhealthy';
    for (const listener of this.#listeners) listener(state, before, last);
  }
}

const isSameQuestion = (a: HealthSettings, b: HealthSettings): boolean =>
  a.path === b.path && JSON.stringify(a.expected) === JSON.stringify(b.expected);
