import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakUpstream } from './upstream.ts';

/** What is done to the facade and its upstreams all the time, and when: whatever callers see fail must be one of these. */

export interface PlannedFault {
  readonly upstream: string;
  readonly began: number;
  ended: number;
}

export interface PlanOptions {
  readonly config: string;
  readonly adminPort: number;
  readonly direct: SoakUpstream;
  readonly gateway: SoakUpstream;
  /** Milliseconds of the run. */
  readonly now: () => number;
}

/** Seconds between two of a kind. */
const FLIP = 5;
const GATEWAY_RESTART = 17;
const TRIP = 29;
const DIRECT_RESTART = 41;
/** Milliseconds. */
const DOWN = 300;
const FAILING = 1_500;
const SHARES = [50, 100, 0, 25];

export class Plan {
  readonly #options: PlanOptions;
  readonly faults: PlannedFault[] = [];
  readonly done = { reloads: 0, flips: 0, restarts: 0, trips: 0, refused: 0 };
  #faulty: Promise<unknown>[] = [];

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** One change a second until the time is over. @param until milliseconds of the run. */
  async run(until: number): Promise<void> {
    const { gateway, direct, now } = this.#options;
    for (let second = 1; now() < until; second++) {
      const next = sleep(1_000);
      if (second % GATEWAY_RESTART === 0) this.#faulty.push(this.#restart(gateway));
      if (second % DIRECT_RESTART === 0) this.#faulty.push(this.#restart(direct));
      if (second % TRIP === 0) this.#faulty.push(this.#trip(gateway));
      // One after the other: a flip is an edit of the file, and refused when somebody else has just written it.
      if (second % FLIP === 0) await this.#flip(SHARES[(second / FLIP) % SHARES.length] as number);
      else await this.#rewrite(second);
      await next;
    }
    await Promise.all(this.#faulty);
  }

  /** As a deployment does: another file is moved in its place. */
  async #rewrite(second: number): Promise<void> {
    const { config } = this.#options;
    const text = await readFile(config, 'utf8');
    const next = text.replace(/\n# soak \d+\n$/, '\n');
    await writeFile(`${config}.next`, `${next.trimEnd()}\n# soak ${second}\n`);
    await rename(`${config}.next`, config);
    this.done.reloads++;
  }

  async #flip(gateway: number): Promise<void> {
    const changes = ['leads.get', 'leads.messages.create'].map((route) => ({ route, set: { gateway } }));
    const res = await fetch(`http://127.0.0.1:${this.#options.adminPort}/api/flips`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-c2s-admin': '1' },
      body: JSON.stringify({ changes, force: true, why: 'a soak' }),
    });
    await res.text();
    if (res.ok) this.done.flips++;
    else this.done.refused++;
  }

  async #restart(upstream: SoakUpstream): Promise<void> {
    const fault = this.#begin(upstream);
    await upstream.stop();
    await sleep(DOWN);
    await upstream.start();
    fault.ended = this.#options.now();
    this.done.restarts++;
  }

  async #trip(upstream: SoakUpstream): Promise<void> {
    const fault = this.#begin(upstream);
    upstream.isFailing = true;
    await sleep(FAILING);
    upstream.isFailing = false;
    fault.ended = this.#options.now();
    this.done.trips++;
  }

  #begin({ name }: SoakUpstream): PlannedFault {
    const fault = { upstream: name, began: this.#options.now(), ended: Infinity };
    this.faults.push(fault);
    return fault;
  }
}
