import { randomUUID } from 'node:crypto';
import type { DataPlane } from '../../forward/data-plane.ts';
import type { Calendar } from '../../../http/calendar.ts';
import type { Logger } from '../../../http/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Leadership, Store } from '../../store/index.ts';
import type { ParityReport } from '../report.ts';
import type { ShadowBudget } from '../shadow-budget.ts';
import type { FlipFacts } from './facts.ts';
import { pauseOf, proofOf, readingsOf, routesOf } from './facade-adapter.ts';
import { ProcessMemory } from './memory.ts';
import { AutopilotMetrics } from './metrics.ts';
import type { FlipOrder, Memory, Proposal, ProposedStep } from './ports.ts';
import { Autopilot } from './runner.ts';

/** Puts the autopilot into the house. Whoever steers hands in how flips are made; nothing here writes a config file. */

export interface FlipPort {
  /** Of the route's gateway percentage. */
  last(route: string): FlipFacts;
  /** @throws Error saying why it was not made. @returns the revision, as `last` shows it from now on. */
  flip(order: FlipOrder): Promise<string>;
  /** Changes nothing. */
  propose(route: string, gateway: number): Promise<Proposal>;
}

interface AutopilotStartOptions {
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly calendar: Calendar;
  readonly parity: (route: string) => ParityReport | undefined;
  readonly budget: Pick<ShadowBudget, 'isSpent' | 'view'>;
  readonly flips: FlipPort;
  /** There will be a store: nothing is decided before it is there, lest two instances decide. */
  readonly awaitsStore: boolean;
  /** False: of the processes on this file another one decides, if no store says who. */
  readonly mayLead?: boolean;
  /** Hears of every proposal. */
  readonly onProposal?: (step: ProposedStep) => void;
  /** Milliseconds between two looks; 5 000. */
  readonly every?: number | undefined;
}

interface StartedAutopilot {
  readonly autopilot: Autopilot;
  /** The store is there: state outlives the process, and of all instances one leads. */
  keep(store: Store): Promise<void>;
  close(): Promise<void>;
}

export function startAutopilot(options: AutopilotStartOptions): StartedAutopilot {
  const { dataPlane, metrics, log, calendar, parity, flips, awaitsStore, mayLead = true, every = 5_000 } = options;
  const instance = randomUUID();
  let memory: Memory = new ProcessMemory();
  let leadership: Leadership | undefined;
  let isClosed = false;
  const autopilot = new Autopilot({
    metrics: new AutopilotMetrics(metrics.registry),
    log,
    ports: {
      now: () => calendar.now(),
      routes: () => routesOf(dataPlane, (route) => flips.last(route)),
      isKilled: () => dataPlane.killed,
      read: () => readingsOf(dataPlane, instance),
      proof: (route) => proofOf(parity(route), pauseOf(dataPlane, options.budget, route)),
      flip: (order) => flips.flip(order),
      propose: (route, gateway) => flips.propose(route, gateway),
      onProposal: (step) => options.onProposal?.(step),
      isLeader: () => (awaitsStore ? (leadership?.isLeader ?? false) : mayLead),
      get memory() {
        return memory;
      },
    },
  });
  const ticking = autopilot.start(calendar, every);
  return {
    autopilot,
    async keep(store) {
      const { StoreMemory } = await import('./store-memory.ts');
      if (isClosed) return;
      memory = new StoreMemory(store.db, instance);
      leadership = store.lead('autopilot', { gained: () => undefined, lost: () => undefined });
    },
    async close() {
      isClosed = true;
      await ticking.close();
      await leadership?.close();
    },
  };
}
