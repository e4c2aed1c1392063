import type { Kysely } from 'kysely';
import {
  autopilotDecisions,
  beginAutopilotTurn,
  endAutopilotTurn,
  livingReadings,
  orderAutopilot,
  publishReadings,
  readAutopilotRoutes,
  recordAutopilotDecision,
} from '../../store/autopilot.ts';
import type { Database } from '../../store/index.ts';
import type { DecisionRecord, Kept, Memory, ManualOverride, Reading, Turn } from './ports.ts';

/**
 * With a store: the truth of all instances, over restarts. What is read was written by some version of this program; a
 * state of another form than today's is taken for a route that was never seen, which costs it a hold.
 */
export class StoreMemory implements Memory {
  readonly #db: Kysely<Database>;
  readonly #instance: string;

  /** @param instance names this process, no other ever. */
  constructor(db: Kysely<Database>, instance: string) {
    this.#db = db;
    this.#instance = instance;
  }

  async load(): Promise<ReadonlyMap<string, Kept>> {
    return keptOf(await readAutopilotRoutes(this.#db));
  }

  async turn(): Promise<Turn> {
    const began = await beginAutopilotTurn(this.#db);
    return {
      kept: keptOf(began.routes),
      orders: began.orders.map(({ route, kind, who }) => ({ route, kind, by: who })),
      end: (kept) =>
        endAutopilotTurn(
          this.#db,
          began,
          kept.map(({ state, report }) => ({ route: report.route, state, report })),
        ),
    };
  }

  record(decision: DecisionRecord): Promise<void> {
    return recordAutopilotDecision(this.#db, decision);
  }

  async history(route: string, limit: number): Promise<readonly DecisionRecord[]> {
    return (await autopilotDecisions(this.#db, route, limit)) as DecisionRecord[];
  }

  order({ route, kind, by }: ManualOverride): Promise<void> {
    return orderAutopilot(this.#db, { route, kind, who: by });
  }

  publish(readings: readonly Reading[]): Promise<void> {
    return publishReadings(this.#db, this.#instance, readings);
  }

  async readings(): Promise<readonly Reading[]> {
    return (await livingReadings(this.#db)).flat() as Reading[];
  }
}

function keptOf(rows: readonly { readonly route: string; readonly state: object; readonly report: object }[]) {
  return new Map(
    rows.flatMap(({ route, state, report }) => {
      const kept = { state, report };
      return isKept(kept) ? [[route, kept] as const] : [];
    }),
  );
}

const NUMBERS = ['gateway', 'setbacks', 'brokeAt', 'since'];
const PHASES = ['calibrating', 'holding', 'proposing', 'cooling', 'complete', 'paused'];

function isKept(kept: { state: object; report: object }): kept is Kept {
  const state = kept.state as Record<string, unknown>;
  const { phase, flip, settings } = state;
  if (!NUMBERS.every((key) => typeof state[key] === 'number')) return false;
  if (typeof flip !== 'string' || typeof settings !== 'string' || !PHASES.includes(String(phase))) return false;
  if (phase === 'proposing') return typeof state['to'] === 'number';
  if (phase === 'cooling') return typeof state['until'] === 'number';
  return phase !== 'paused' || typeof state['by'] === 'string';
}
