import { randomUUID } from 'node:crypto';
import type { BreakerState } from '../forward/breaker.ts';
import type { Notification } from './notification.ts';

/**
 * What is told of breakers: that one opened and that it closed again, by whichever instance saw it. The probes between are
 * no news. One that flaps is told at most once a minute for each state, with how often it changed meanwhile; what it is in
 * the end is told when the minute is over.
 */

const QUIET_MS = 60_000;

type ToldState = Exclude<BreakerState, 'half-open'>;

interface Watched {
  readonly route: string;
  readonly path: NonNullable<Notification['path']>;
  state: ToldState;
  /** As the targets know it. */
  told: ToldState;
  /** Milliseconds since 1970, by state. */
  readonly toldAt: Record<ToldState, number>;
  leftOut: number;
}

interface BreakerWatchOptions {
  readonly instance: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly tell: (notification: Notification) => void;
}

export class BreakerWatch {
  readonly #options: BreakerWatchOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: BreakerWatchOptions) {
    this.#options = options;
  }

  /** @param isFollowed another worker of this machine saw it, and tells. */
  changed(route: string, path: Watched['path'], state: BreakerState, isFollowed: boolean): void {
    if (state === 'half-open') return;
    const one = this.#of(route, path);
    if (isFollowed) {
      [one.state, one.told, one.leftOut] = [state, state, 0];
      one.toldAt[state] = this.#options.now();
      return;
    }
    if (one.state === state) return;
    one.state = state;
    if (!this.#tell(one, one.leftOut)) one.leftOut++;
  }

  /** Tells what had to wait. */
  look(): void {
    // What had to wait was counted as left out.
    for (const one of this.#watched.values()) this.#tell(one, one.leftOut - 1);
  }

  /** Routes that left the table have no breaker any more. */
  keep(routes: ReadonlySet<string>): void {
    for (const [key, { route }] of this.#watched) if (!routes.has(route)) this.#watched.delete(key);
  }

  #of(route: string, path: Watched['path']): Watched {
    const key = `${path} ${route}`;
    const toldAt = { open: -Infinity, closed: -Infinity };
    const known = this.#watched.get(key) ?? { route, path, state: 'closed', told: 'closed', toldAt, leftOut: 0 };
    this.#watched.set(key, known);
    return known;
  }

  /** @returns false: it is known already, or has to wait. */
  #tell(one: Watched, leftOut: number): boolean {
    const { route, path, state, told, toldAt } = one;
    const now = this.#options.now();
    if (state === told || now - toldAt[state] < QUIET_MS) return false;
    [one.told, one.leftOut] = [state, 0];
    toldAt[state] = now;
    this.#options.tell({
      event: 'breaker',
      id: randomUUID(),
      at: new Date(now).toISOString(),
      instance: this.#options.instance,
      ...{ route, path, from: told, to: state },
      ...(leftOut > 0 ? { leftOut } : {}),
    });
    return true;
  }
}
