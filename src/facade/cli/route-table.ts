import type { PathView, RouteView } from '../admin/routes.ts';
import type { Style } from './context.ts';
import { milliseconds, percent, perSecond, share } from './format.ts';
import type { LiveTable } from './live.ts';
import { budgetLines } from './shadow-budget.ts';
import { renderTable, type Column } from './table.ts';

/**
 * The table that serves, one line a route: what it is set to, and the last minute of both paths side by side. Rates and
 * errors are those of attempts: a failover must not make a dead gateway look well.
 */

/** Below this many columns each path shows what matters most: its rate and its errors. */
const WIDE = 100;

export function renderRoutes(routes: readonly RouteView[], width: number, style: Style): string {
  const isWide = width >= WIDE;
  const columns: Column[] = [
    { title: 'ROUTE', elastic: 1 },
    { title: 'STAGE' },
    { title: 'GATEWAY', align: 'right' },
    // What came of the number: with few callers a share moves all of them or nobody.
    ...(isWide ? [{ title: '1H', align: 'right' as const }] : []),
    ...(isWide ? [{ title: 'SHADOW', align: 'right' as const }] : []),
    ...pathColumns('DIRECT', isWide),
    ...pathColumns('GW', isWide),
    { title: 'BREAKER' },
  ];
  const rows = routes.map((route) => [
    route.trouble?.isDown ? style.red(route.id) : route.id,
    stageText(route.stage, style),
    String(route.rollout.gateway),
    ...(isWide ? [typeof route.lastHourShare === 'number' ? percent(route.lastHourShare) : '–'] : []),
    ...(isWide ? [String(route.rollout.shadow)] : []),
    ...pathCells(route.paths.direct, isWide, style),
    ...pathCells(route.paths.gateway, isWide, style),
    breakersText(route, style),
  ]);
  const troubles = routes.flatMap(({ id, trouble }) =>
    trouble ? [trouble.isDown ? style.red(`${id}: ${trouble.text}`) : `${id}: ${trouble.text}`] : [],
  );
  const table = renderTable(columns, rows, width, style);
  return troubles.length === 0 ? table : [table, '', ...troubles].join('\n');
}

/** What stands above the table: whether it counts at all. */
export function renderHeading(
  { digest, killSwitch, routes, upstreams = {}, shadowBudget }: LiveTable,
  style: Style,
): string {
  const counts = new Map<string, number>();
  for (const { stage } of routes) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  const stages = [...counts].map(([stage, n]) => `${n} ${stage}`).join(', ');
  const heading = [
    `digest ${digest} · ${stages}`,
    ...healthLines(upstreams, style),
    ...budgetLines(shadowBudget, style),
  ].join('\n');
  return killSwitch ? `${heading}\n${style.bold(style.red('KILL SWITCH ON: every route is direct'))}` : heading;
}

/** What the health checks say, where it is not that all is well. */
function healthLines(upstreams: NonNullable<LiveTable['upstreams']>, style: Style): string[] {
  return Object.entries(upstreams).flatMap(([path, { health, result, status, recovery }]) => {
    const found = status === undefined ? result : `${result} ${status}`;
    if (health === 'unproven')
      return style.yellow(
        `${path}: health checks say nothing (${found}); correct upstreams.${path}.health.path or expectedStatuses`,
      );
    if (recovery)
      return style.yellow(`${path} recovering: ${recovery.succeeded} of ${recovery.needed} checks succeeded`);
    return health === 'unhealthy' ? style.red(`${path} UNHEALTHY: its health checks fail (${found})`) : [];
  });
}

function pathColumns(name: string, isWide: boolean): Column[] {
  const titles = isWide ? [`${name}/s`, 'ERR', 'P95'] : [`${name}/s`, 'ERR'];
  return titles.map((title) => ({ title, align: 'right' }));
}

function pathCells(path: PathView | undefined, isWide: boolean, style: Style): string[] {
  const minute = path?.lastMinute;
  if (!minute) return isWide ? ['', '', ''] : ['', ''];
  const errors = share(minute.failedAttempts, minute.attempts);
  const cells = [perSecond(minute.attempts), minute.failedAttempts > 0 ? style.red(errors) : errors];
  return isWide ? [...cells, milliseconds(minute.p95)] : cells;
}

function stageText(stage: string, style: Style): string {
  if (stage === 'canary' || stage === 'shadow') return style.yellow(stage);
  return stage === 'direct' ? stage : style.green(stage);
}

/** Shown in place of the breaker that it opens. */
const FAULTS: Readonly<Record<NonNullable<PathView['fault']>, string>> = {
  upstream_credentials: 'refuses',
  gateway_lacks_operation: 'lacks it',
};

/** Only what is not closed or does not serve the route: `gw open`, `gw refuses`. */
function breakersText({ paths }: RouteView, style: Style): string {
  const open = (['direct', 'gateway'] as const).flatMap((path) => {
    const { breaker = 'closed', ramp, fault } = paths[path] ?? {};
    const trouble = fault ? FAULTS[fault] : ramp ? `${breaker} ${ramp} %` : breaker;
    return trouble === 'closed' ? [] : [`${path === 'gateway' ? 'gw' : path} ${trouble}`];
  });
  return open.length === 0 ? 'closed' : style.red(open.join(', '));
}
