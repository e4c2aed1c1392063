import type { FlipRecord } from '../rollout/flip.ts';
import type { Steering } from './steering.ts';

/**
 * Who last moved the gateway percentage of each route, for the autopilot: another revision than its own means that a
 * human took over. Known without asking the database, as a tick of the autopilot must not wait.
 */

export interface LastFlip {
  /** Of the history; `0`: not flipped since it began. */
  readonly revision: string;
  readonly by: 'autopilot' | 'human';
}

export interface AutopilotFlip {
  readonly route: string;
  /** Percentages; refused when another one than `from` is in force. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly evidence: unknown;
}

const NEVER: LastFlip = { revision: '0', by: 'human' };
/** Revisions that are read back at the start; who flipped before that is no matter any more. */
const REVISIONS = 500;

export class LastFlips {
  readonly #steering: Steering;
  readonly #last = new Map<string, LastFlip & { readonly number: number }>();
  readonly #unsubscribe: () => void;

  constructor(steering: Steering) {
    this.#steering = steering;
    this.#unsubscribe = steering.subscribe((records) => this.#learn(records));
  }

  /** Reads what was flipped before this process began. Call it when the history is there. */
  async load(): Promise<void> {
    this.#learn((await this.#steering.history({ limit: REVISIONS })).flips);
  }

  of(route: string): LastFlip {
    const { revision, by } = this.#last.get(route) ?? NEVER;
    return { revision, by };
  }

  /**
   * A flip of the autopilot's own. @returns its revision, as {@link of} shows it from now on.
   * @throws FlipRefused when a human was quicker, or the flip cannot be made.
   */
  async flip({ route, from, to, why, evidence }: AutopilotFlip): Promise<string> {
    const { revision } = await this.#steering.flip({
      source: 'autopilot',
      who: 'autopilot',
      identity: 'autopilot',
      why,
      evidence,
      changes: [{ route, set: { gateway: to }, from: { gateway: from } }],
    });
    // Without a history yet, the number it will have is not known: it is told when it is written.
    if (revision !== null) this.#keep(route, revision, 'autopilot');
    return this.of(route).revision;
  }

  close(): void {
    this.#unsubscribe();
  }

  #learn(records: readonly FlipRecord[]): void {
    for (const record of records) {
      if (record.kind !== 'flip' || record.from.gateway === record.to.gateway) continue;
      this.#keep(record.route, record.revision, record.source === 'autopilot' ? 'autopilot' : 'human');
    }
  }

  #keep(route: string, number: number, by: LastFlip['by']): void {
    if (number < (this.#last.get(route)?.number ?? 0)) return;
    this.#last.set(route, { number, revision: String(number), by });
  }
}
