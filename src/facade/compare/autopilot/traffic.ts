import type { BreakerStateName } from '../../observe/metrics.ts';
import type { Reading } from './ports.ts';
import { since, type Tallies } from './tally.ts';
import { TrafficWindow } from './window.ts';

/**
 * From the cumulative counters of all instances to the window of each route. A process that is seen for the first time
 * is only remembered: what it counted before belongs to no step that we know.
 */
export class Traffic {
  readonly #last = new Map<string, Tallies>();
  readonly #windows = new Map<string, TrafficWindow>();

  /** @param now, hold milliseconds. */
  add(route: string, readings: readonly Reading[], now: number, hold: number, minRequests: number): TrafficWindow {
    const window = this.windowOf(route);
    for (const reading of readings) {
      if (reading.route !== route) continue;
      const key = `${reading.instance} ${route}`;
      const last = this.#last.get(key);
      this.#last.set(key, reading.tallies);
      if (last) window.add(since(last, reading.tallies), now, hold, minRequests);
    }
    return window;
  }

  windowOf(route: string): TrafficWindow {
    let window = this.#windows.get(route);
    if (!window) this.#windows.set(route, (window = new TrafficWindow()));
    return window;
  }

  /** Processes that are gone count no more. */
  forgetOthers(readings: readonly Reading[]): void {
    const living = new Set(readings.map(({ instance, route }) => `${instance} ${route}`));
    for (const key of this.#last.keys()) if (!living.has(key)) this.#last.delete(key);
  }
}

/** One open breaker is enough: the same gateway fails for all, sooner or later. */
export function worstBreaker(route: string, readings: readonly Reading[]): BreakerStateName {
  const states = readings.filter((one) => one.route === route).map(({ breaker }) => breaker);
  return states.find((state) => state === 'open') ?? states.find((state) => state === 'half-open') ?? 'closed';
}
