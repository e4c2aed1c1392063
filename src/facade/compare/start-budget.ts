import { Gauge } from 'prom-client';
import type { Calendar } from '../../http/calendar.ts';
import type { Logger } from '../../http/log.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { StoreHolder } from '../store/holder.ts';
import { budgetLimits } from './settings.ts';
import { ShadowBudget } from './shadow-budget.ts';

interface BudgetStartOptions {
  readonly config: FacadeConfig;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly calendar: Calendar;
  readonly store: StoreHolder;
  /** Among the processes of this machine. */
  readonly role: { readonly place: number; readonly workers: number };
}

export interface StartedBudget {
  readonly budget: ShadowBudget;
  /** After every load of the config. */
  use(config: FacadeConfig): void;
  close(): Promise<void>;
}

/** Milliseconds. */
const TICK_MS = 5_000;

export function startShadowBudget(options: BudgetStartOptions): StartedBudget {
  const { log, calendar, store, metrics, role } = options;
  const { place, workers } = role;
  const budget = new ShadowBudget({ now: calendar.now, hasStore: !store.isOff, place, workers, log });
  const use = (config: FacadeConfig): void => budget.configure(budgetLimits(config));
  use(options.config);
  store.whenReady('shadow budget', async ({ db }) => {
    const { PostgresShadowBudget } = await import('../store/shadow-budget.ts');
    budget.attach(new PostgresShadowBudget(db));
  });
  observe(budget, metrics, store.isOff);
  const ticking = calendar.every(TICK_MS, () => budget.tick());
  return {
    budget,
    use,
    async close() {
      ticking.close();
      await budget.close();
    },
  };
}

function observe(budget: ShadowBudget, { registry }: Metrics, isSplit: boolean): void {
  const gauge = new Gauge({
    name: 'facade_shadow_budget_remaining',
    help: 'Requests that the comparison may still make today (UTC), of compare.perDay; with a route of its own perDay.',
    labelNames: ['route'],
    registers: [registry],
    // Workers without a database have a part each; with one they all see the same.
    aggregator: isSplit ? 'sum' : 'min',
    collect() {
      gauge.reset();
      const { all, routes } = budget.view();
      if (all) gauge.set({}, all.left);
      for (const [route, { left }] of Object.entries(routes)) gauge.set({ route }, left);
    },
  });
}
