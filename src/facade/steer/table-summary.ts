import type { DataPlane } from '../forward/data-plane.ts';
import type { KillSwitch } from '../forward/kill-switch.ts';
import { countStages, STAGES, type Stage } from '../rollout/stage.ts';

/** What the rollout table says, in one line: the first question of a start is which path serves. */
export interface TableSummary {
  readonly routes: number;
  readonly stages: Readonly<Record<Stage, number>>;
  /** Who holds it on; empty: it is off. */
  readonly killSwitch: readonly string[];
  /** Origin of the gateway; undefined: none is configured. Never a path, which may hold a key. */
  readonly gateway: string | undefined;
  /** False: the rollouts are those of the file, since the database that holds them was not read yet. */
  readonly hasRollouts: boolean;
}

interface SummaryParts {
  readonly dataPlane: Pick<DataPlane, 'snapshot'>;
  readonly killSwitch: Pick<KillSwitch, 'by'>;
  readonly hasRollouts: boolean;
}

export function tableSummary({ dataPlane, killSwitch, hasRollouts }: SummaryParts): TableSummary {
  const { entries, upstreams } = dataPlane.snapshot;
  return {
    routes: entries.length,
    stages: countStages(entries.map(({ model }) => model)),
    killSwitch: killSwitch.by,
    gateway: upstreams.gateway?.origin,
    hasRollouts,
  };
}

/** `27 routes: 22 direct, 2 shadow, 3 canary; kill switch off; gateway http://127.0.0.1:8001` */
export function summaryText(summary: TableSummary): string {
  const { killSwitch, gateway, hasRollouts } = summary;
  return [
    countedStages(summary),
    ...(hasRollouts ? [] : ['the flips of the database were not read yet']),
    killSwitchText(killSwitch),
    gateway === undefined ? 'no gateway: every route is direct' : `gateway ${gateway}`,
  ].join('; ');
}

/** `27 routes: 22 direct, 2 shadow, 3 canary` */
export function countedStages({ routes, stages }: Pick<TableSummary, 'routes' | 'stages'>): string {
  const counts = STAGES.filter((stage) => stages[stage] > 0).map((stage) => `${stages[stage]} ${stage}`);
  return `${routes} ${routes === 1 ? 'route' : 'routes'}: ${counts.join(', ')}`;
}

/** `unknown` alone: the database that all instances share has not said whether it is on. */
function killSwitchText(by: readonly string[]): string {
  if (by.length === 0) return 'kill switch off';
  if (by.every((holder) => holder === 'unknown')) return 'kill switch not known yet: every route is direct';
  return `kill switch on (${by.join(', ')}): every route is direct`;
}
