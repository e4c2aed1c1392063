import type { FlipFacts, FlipOrder, FlipPort, Proposal } from '../compare/autopilot/index.ts';
import type { FlipRecord } from '../rollout/flip.ts';
import type { Steering } from './steering.ts';

/**
 * How the autopilot flips: as everybody does, through the steering, and only from the percentage that it decided by.
 * Its own flips are known at once, those of others when the history tells of them.
 */
export class AutopilotFlips implements FlipPort {
  readonly #steering: Pick<Steering, 'flip' | 'subscribe'>;
  readonly #last = new Map<string, FlipFacts>();
  readonly #unsubscribe: () => void;

  constructor(steering: Pick<Steering, 'flip' | 'subscribe'>) {
    this.#steering = steering;
    this.#unsubscribe = steering.subscribe((records) => this.#hear(records));
  }

  last(route: string): FlipFacts {
    return this.#last.get(route) ?? { revision: 'none yet', by: 'human' };
  }

  async flip({ route, from, to, why, evidence }: FlipOrder): Promise<string> {
    const change = { route, set: { gateway: to }, from: { gateway: from } };
    const { revision } = await this.#steering.flip({ ...REASON, why, evidence, changes: [change] });
    const facts: FlipFacts = { revision: String(revision ?? 'not written yet'), by: 'autopilot' };
    this.#last.set(route, facts);
    return facts.revision;
  }

  async propose(route: string, gateway: number): Promise<Proposal> {
    const changes = [{ route, set: { gateway } }];
    const { diff } = await this.#steering.flip({ ...REASON, why: undefined, changes, dryRun: true });
    return { diff, command: `c2s-facade flip ${route} --gateway ${gateway} --why 'proposed by the autopilot'` };
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Only what moves traffic is a flip here: who gives a route more shadows does not take it from the autopilot. */
  #hear(records: readonly FlipRecord[]): void {
    for (const record of records.toSorted((a, b) => a.revision - b.revision)) {
      if (record.kind !== 'flip' || record.from.gateway === record.to.gateway) continue;
      const by = record.source === 'autopilot' ? 'autopilot' : 'human';
      this.#last.set(record.route, { revision: String(record.revision), by });
    }
  }
}

const REASON = { source: 'autopilot', who: 'autopilot', identity: 'autopilot' } as const;
