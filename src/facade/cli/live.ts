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
