import type { RouteJson } from './model.ts';

/** What the board shows, and in what order. */

export const STAGES = ['direct', 'shadow', 'canary', 'gateway', 'retired'] as const;

/** Routes that a dialog is asked to flip. */
export interface Flipping {
  readonly routes: readonly string[];
  /** Percent that the dialog begins with. */
  readonly proposed?: number | undefined;
}

export type SortKey = 'active' | 'name' | 'share' | 'attempts' | 'failures' | 'p95' | 'parity';

export interface Sort {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

/** Of what is being moved the human wants to see first. */
const STAGE_RANKS: Readonly<Record<string, number>> = { canary: 0, shadow: 1, gateway: 2, retired: 3, direct: 4 };
const PATHS = ['direct', 'gateway'] as const;

/** Asked for in the last hour, or moved by somebody. */
export const isActive = ({ paths, stage }: RouteJson): boolean =>
  ['canary', 'shadow'].includes(stage) || PATHS.some((path) => (paths[path]?.lastHour?.attempts ?? 0) > 0);

const sum = ({ paths }: RouteJson, figure: 'attempts' | 'failedAttempts'): number =>
  PATHS.reduce((total, path) => total + (paths[path]?.lastMinute?.[figure] ?? 0), 0);

const FIGURES: Readonly<Record<Exclude<SortKey, 'active' | 'name'>, (route: RouteJson) => number>> = {
  share: ({ rollout }) => rollout.gateway,
  attempts: (route) => sum(route, 'attempts'),
  failures: (route) => sum(route, 'failedAttempts') / Math.max(1, sum(route, 'attempts')),
  p95: ({ paths }) => Math.max(...PATHS.map((path) => paths[path]?.lastMinute?.p95 ?? -1)),
  parity: ({ parity }) => (parity && parity.compared > 0 ? (parity.ratio ?? -1) : -1),
};

/** Active: by what changes seldom, so that a row does not wander while one reads. */
function compare(key: SortKey): (one: RouteJson, other: RouteJson) => number {
  if (key === 'name') return (one, other) => one.id.localeCompare(other.id);
  if (key === 'active') {
    const rank = (route: RouteJson) => (isActive(route) ? 0 : 10) + (STAGE_RANKS[route.stage] ?? 5);
    return (one, other) => rank(one) - rank(other);
  }
  const figure = FIGURES[key];
  return (one, other) => figure(one) - figure(other);
}

/** Equal ones stay in the order of the rollout table. */
export function sorted(routes: readonly RouteJson[], { key, isDescending }: Sort): readonly RouteJson[] {
  const by = compare(key);
  return routes.toSorted((one, other) => (isDescending ? by(other, one) : by(one, other)));
}

/** A click on a column: first what is most, then the other way round, then as at first. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  const isDescending = key !== 'name';
  if (sort.key !== key) return { key, isDescending };
  return sort.isDescending === isDescending ? { key, isDescending: !isDescending } : DEFAULT_SORT;
}

export const DEFAULT_SORT: Sort = { key: 'active', isDescending: false };
