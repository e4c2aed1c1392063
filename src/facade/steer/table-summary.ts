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
export function summaryText({ routes, stages, killSwitch, gateway, hasRollouts }: TableSummary): string {
  const counts = STAGES.filter((stage) => stages[stage] > 0).map((stage) => `${stages[stage]} ${stage}`);
  const isOn = killSwitch.length > 0;
  return [
    `${routes} ${routes === 1 ? 'route' : 'routes'}: ${counts.join(', ')}`,
    ...(hasRollouts ? [] : ['the flips of the database were not read yet']),
    isOn ? `kill switch on (${killSwitch.join(', ')}): every route is direct` : 'kill switch off',
    gateway === undefined ? 'no gateway: every route is direct' : `gateway ${gateway}`,
  ].join('; ');
}
