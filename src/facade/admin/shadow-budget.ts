import type { ShadowBudget, ShadowBudgetView } from '../compare/shadow-budget.ts';

/** As a part of an answer; nothing where no limit is written. */
export interface ShadowBudgetPart {
  readonly shadowBudget?: ShadowBudgetView;
}

export function shadowBudgetPart(budget: Pick<ShadowBudget, 'view'>): ShadowBudgetPart {
  const shown = budget.view();
  return shown.all || Object.keys(shown.routes).length > 0 ? { shadowBudget: shown } : {};
}
