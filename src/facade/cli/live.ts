import type { RouteView, UpstreamView } from '../admin/routes.ts';
import type { ShadowBudgetView } from '../compare/shadow-budget.ts';
import { nearest } from '../config/nearest.ts';
import type { Context } from './context.ts';
import { CliError, EXIT, usageError } from './exit.ts';

/** What the admin API answers, as the commands read it. */

export interface LiveTable {
  readonly digest: string;
  readonly killSwitch: boolean;
  /** By path. An older facade does not say. */
  readonly upstreams?: Readonly<Record<string, UpstreamView>>;
  readonly routes: readonly RouteView[];
  /** Left out where no limit is written. */
  readonly shadowBudget?: ShadowBudgetView;
}

export interface ServedConfig {
  readonly file: string;
  readonly digest: string;
  readonly loadedAt: string;
  readonly gateway: string;
  readonly lastError?: { readonly at: string; readonly problems: readonly object[] };
}

export interface KillSwitchState {
  readonly on: boolean;
  readonly by: readonly string[];
  /** The file that holds it on; left out: none does, or an older facade answers. */
  readonly file?: string;
  /** Of a change: the history has it. An older facade does not say where it is kept. */
  readonly recorded?: boolean;
  readonly kept?: string;
}

/** @throws CliError that names the nearest id. */
export function requireRoute<R extends { readonly id: string }>(
  { name }: Pick<Context, 'name'>,
  id: string,
  routes: readonly R[],
): R {
  const found = routes.find((route) => route.id === id);
  if (found) return found;
  const meant = nearest(
    id,
    routes.map((route) => route.id),
  );
  const hint = meant === undefined ? `${name} routes lists them` : `did you mean "${meant}"?`;
  throw new CliError(EXIT.usage, `There is no route "${id}"; ${hint}`);
}

/** Where a text or a stage left none over. */
export function noSuchRoutes(text: string | undefined, stage: string | undefined): string {
  const words = [...(text ? [`matches "${text}"`] : []), ...(stage === undefined ? [] : [`is at the stage ${stage}`])];
  return words.length === 0 ? 'The table has no routes.' : `No route ${words.join(' and ')}.`;
}

/** Those that are down, then by how often they are asked; the rest in the order of the table. */
export function activeFirst(routes: readonly RouteView[]): readonly RouteView[] {
  const attempts = ({ paths }: RouteView): number =>
    Object.values(paths).reduce((sum, { lastMinute }) => sum + (lastMinute?.attempts ?? 0), 0);
  return routes.toSorted(
    (a, b) => Number(b.trouble?.isDown ?? false) - Number(a.trouble?.isDown ?? false) || attempts(b) - attempts(a),
  );
}

/**
 * Asks about one route. Where that is refused, it is told first whether the table has such a route at all, in the one sentence
 * and with the exit code that every command has for it.
 */
export async function ofRoute<T>(context: Context, id: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof CliError && error.code === EXIT.problems)) throw error;
    await requireLiveRoute(context, id);
    throw error;
  }
}

/** @throws CliError where the table that serves has no such route. */
export async function requireLiveRoute(context: Context, id: string): Promise<void> {
  const table = await context.admin.find<LiveTable>('/api/routes');
  if (table) requireRoute(context, id, table.routes);
}

const STAGES = ['direct', 'shadow', 'canary', 'gateway', 'retired'];

/** The routes whose id or endpoints hold `text`, and that are at `stage`. @throws CliError for what is no stage. */
export function selectRoutes(
  routes: readonly RouteView[],
  text: string | undefined,
  stage: string | undefined,
): readonly RouteView[] {
  if (stage !== undefined && !STAGES.includes(stage)) throw usageError(`--stage is one of ${STAGES.join(', ')}`);
  const word = text?.toLowerCase() ?? '';
  return routes.filter((route) => {
    const endpoints = Object.values(route.paths).flatMap((path) => path.endpoints);
    const holds = [route.id, ...endpoints].some((one) => one.toLowerCase().includes(word));
    return holds && (stage === undefined || route.stage === stage);
  });
}
