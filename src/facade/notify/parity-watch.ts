import { randomUUID } from 'node:crypto';
import type { ParityReport } from '../compare/report.ts';
import type { Notification } from './notification.ts';

/**
 * Tells when a route that the gateway serves is no longer ready, and when it is ready again. Verdicts that say neither (not
 * enough data) change nothing.
 */

export interface ParityWatchPorts {
  /** Of routes of which the gateway serves a share. */
  readonly reports: () => readonly ParityReport[];
  /**
   * A route has this verdict.
   * @param notificationOf what to tell, given the verdict that was told before; not asked where that is the same.
   * @param before what was found before, here.
   */
  readonly verdict: (
    route: string,
    verdict: string,
    notificationOf: (before: string) => Notification,
    before: string | undefined,
  ) => Promise<void>;
  readonly instance: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class ParityWatch {
  readonly #ports: ParityWatchPorts;
  /** What was found last, here. */
  readonly #known = new Map<string, string>();

  constructor(ports: ParityWatchPorts) {
    this.#ports = ports;
  }

  async look(): Promise<void> {
    for (const { route, verdict } of this.#ports.reports()) {
      const { kind, reasons } = verdict;
      if ((kind !== 'ready' && kind !== 'not ready') || this.#known.get(route) === kind) continue;
      const notificationOf = (before: string): Notification => ({
        event: 'parity',
        id: randomUUID(),
        at: new Date(this.#ports.now()).toISOString(),
        instance: this.#ports.instance,
        ...{ route, from: before, to: kind, why: reasons.map(({ text }) => text).join('; ') || undefined },
      });
      await this.#ports.verdict(route, kind, notificationOf, this.#known.get(route));
      // Only now: what could not be told is found again at the next look.
      this.#known.set(route, kind);
    }
  }
}
