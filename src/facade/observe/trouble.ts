import type { RecentCounts } from './recent.ts';

/** What is failing on a route, in a sentence: counted by attempts, since a failover makes a dead gateway look well. */
export interface Trouble {
  /** `gateway: 8 of 8 attempts failed, direct answered all` */
  readonly text: string;
  /** At least half of the attempts of a path failed in the last minute. */
  readonly isDown: boolean;
}

interface PathCounts {
  readonly minute: RecentCounts | undefined;
  readonly hour: RecentCounts | undefined;
}

/** @returns undefined: no attempt failed in the last minute, nor, where the last minute had none, in the last hour. */
export function troubleOf(direct: PathCounts, gateway: PathCounts): Trouble | undefined {
  const minute = sentences(direct.minute, gateway.minute);
  if (minute.length > 0) {
    return { text: minute.join('; '), isDown: isDown(direct.minute) || isDown(gateway.minute) };
  }
  const isQuiet = !direct.minute?.attempts && !gateway.minute?.attempts;
  const hour = isQuiet ? sentences(direct.hour, gateway.hour) : [];
  return hour.length === 0 ? undefined : { text: `last hour: ${hour.join('; ')}`, isDown: false };
}

const isDown = (counts: RecentCounts | undefined): boolean =>
  counts !== undefined && counts.attempts > 0 && 2 * counts.failedAttempts >= counts.attempts;

function sentences(direct: RecentCounts | undefined, gateway: RecentCounts | undefined): string[] {
  return [
    ...(gateway && gateway.failedAttempts > 0 ? [`${failed('gateway', gateway)}, ${takenOver(gateway, direct)}`] : []),
    ...(direct && direct.failedAttempts > 0 ? [failed('direct', direct)] : []),
  ];
}

const failed = (path: string, { attempts, failedAttempts }: RecentCounts): string =>
  `${path}: ${failedAttempts} of ${attempts} attempts failed`;

function takenOver({ failedAttempts, failovers }: RecentCounts, direct: RecentCounts | undefined): string {
  if (failovers === 0) return 'none went to direct';
  const isAll = failovers >= failedAttempts;
  if (isAll && direct?.failedAttempts === 0) return 'direct answered all';
  return `${isAll ? 'all' : failovers} went to direct`;
}
