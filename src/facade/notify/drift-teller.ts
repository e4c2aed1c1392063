import { randomUUID } from 'node:crypto';
import type { ParityWatchPorts } from './parity-watch.ts';
import type { Notification } from './notification.ts';

/** Tells when direct begins to drift on a route and when that is over; once, of all instances that share a store. */

interface DriftTellerPorts extends Pick<ParityWatchPorts, 'instance' | 'now'> {
  /** As {@link ParityWatchPorts.verdict}. */
  readonly tell: ParityWatchPorts['verdict'];
}

export class DriftTeller {
  readonly #ports: DriftTellerPorts;
  /** What was told last, here. */
  readonly #known = new Map<string, string>();

  constructor(ports: DriftTellerPorts) {
    this.#ports = ports;
  }

  /** @throws what telling throws; then it is told at the next look. */
  async look(route: string, isDrifting: boolean, why: string): Promise<void> {
    const { tell, instance, now } = this.#ports;
    const to = isDrifting ? 'drift' : 'none';
    if (this.#known.get(route) === to) return;
    const notificationOf = (from: string): Notification => ({
      event: 'drift',
      id: randomUUID(),
      at: new Date(now()).toISOString(),
      ...{ instance, route, from, to, why: isDrifting ? why : undefined },
    });
    // Kept beside the verdicts of parity, under a name that no route has.
    await tell(`drift of ${route}`, to, notificationOf, this.#known.get(route));
    this.#known.set(route, to);
  }
}
