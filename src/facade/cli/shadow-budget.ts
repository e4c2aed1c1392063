import { visible } from '../../http/visible.ts';
import { grouped } from '../compare/groups.ts';
import type { BudgetView, ShadowBudgetView } from '../compare/shadow-budget.ts';
import type { Style } from './context.ts';
import { instant } from './format.ts';

/** Routes with a limit of their own that are named; those that have spent it come first. */
const MAX_NAMED = 5;

/**
 * What the comparison may still ask for today, of all routes and of those with a limit of their own, each on a line;
 * nothing where no limit is written, or an older facade answers. What is spent stands out.
 */
export function budgetLines(budget: ShadowBudgetView | undefined, style: Style): string[] {
  if (!budget) return [];
  const { all, routes, resetsAt, isShared } = budget;
  const limited = Object.entries(routes).toSorted(([, a], [, b]) => Number(b.isSpent) - Number(a.isSpent));
  const named = limited
    .slice(0, MAX_NAMED)
    .map(([route, view]) => `comparison of ${visible(route)} today: ${leftOf(view, style)}`);
  const more = limited.length - named.length;
  return [
    ...(all ? [`comparison today: ${leftOf(all, style)}`] : []),
    ...named,
    ...(more > 0 ? [`comparison of ${more} more routes today: see --json`] : []),
  ].map((line, index) =>
    index === 0 ? `${line}; a new day at ${visible(instant(resetsAt))}${whose(isShared)}` : line,
  );
}

/** One line for each budget of today that is spent and holds up the comparison of this route. */
export function spentLines(budget: ShadowBudgetView | undefined, route: string): string[] {
  if (!budget) return [];
  const of = [['of all routes', budget.all] as const, [`of ${route}`, budget.routes[route]] as const];
  return of.flatMap(([name, one]) =>
    one?.isSpent
      ? [
          `The ${grouped(one.perDay)} requests a day ${name} are spent: nothing is compared until ${instant(budget.resetsAt)}.`,
        ]
      : [],
  );
}

const whose = (isShared: boolean): string => (isShared ? '' : ' (counts of this process)');

const leftOf = ({ perDay, left, isSpent }: BudgetView, style: Style): string =>
  isSpent
    ? style.yellow(`paused, the ${grouped(perDay)} requests of perDay are spent`)
    : `${grouped(left)} of ${grouped(perDay)} requests left`;
