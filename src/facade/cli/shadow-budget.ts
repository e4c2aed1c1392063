import { grouped } from '../compare/groups.ts';
import type { ShadowBudgetView } from '../compare/shadow-budget.ts';

/** One line of what the comparison may still ask for today; nothing where no limit is written, or an older facade answers. */
export function budgetLines(budget: ShadowBudgetView | undefined): string[] {
  if (!budget) return [];
  const { all, routes, resetsAt, isShared } = budget;
  const shares = isShared ? '' : ' (of this process)';
  const parts = [...(all ? [['shadows today', all] as const] : []), ...Object.entries(routes)].map(
    ([name, { perDay, left, isSpent }]) =>
      isSpent
        ? `${name}: the ${grouped(perDay)} requests are spent`
        : `${name}: ${grouped(left)} of ${grouped(perDay)} requests left`,
  );
  return [`${parts.join(' · ')}${shares}; the next day begins ${resetsAt}`];
}

/** One line for each budget of today that is spent and holds up the comparison of this route. */
export function spentLines(budget: ShadowBudgetView | undefined, route: string): string[] {
  if (!budget) return [];
  const of = [['of all routes', budget.all] as const, [`of ${route}`, budget.routes[route]] as const];
  return of.flatMap(([name, one]) =>
    one?.isSpent
      ? [`The ${grouped(one.perDay)} requests a day ${name} are spent: nothing is compared until ${budget.resetsAt}.`]
      : [],
  );
}
