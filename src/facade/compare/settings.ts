import type { FacadeConfig } from '../config/schema.ts';
import type { BudgetLimits } from './shadow-budget.ts';
import type { ShadowSettings } from './shadow.ts';

/** From `compare:` of the config to what the shadows are handed. */
export function shadowSettings({ compare }: FacadeConfig): ShadowSettings {
  const { maxInflight, maxQueue, deadline, maxBody } = compare;
  return { maxInflight, maxQueue, deadlineMs: deadline, maxBodyBytes: maxBody };
}

/** Of `compare.perDay` and those of the routes. */
export function budgetLimits({ compare, routes }: FacadeConfig): BudgetLimits {
  return {
    perDay: compare.perDay,
    routes: new Map(routes.flatMap(({ id, compare: own }) => (own?.perDay === undefined ? [] : [[id, own.perDay]]))),
  };
}
