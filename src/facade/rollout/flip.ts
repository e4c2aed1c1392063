import { visible } from '../../http/visible.ts';
import type { RolloutValues } from '../config/rollout.ts';

/**
 * A flip as data: which rollouts a route had and has, in the operator's own words (percentages, names), with nothing left
 * to a default. So two rollouts can be compared, kept for years, and written back into a file.
 */

/** Who moved it. `file`: somebody edited the config file by hand. */
export type FlipSource = 'cli' | 'console' | 'autopilot' | 'file' | 'rollback' | 'api';

export interface FlipChange {
  readonly route: string;
  readonly from: RolloutValues;
  readonly to: RolloutValues;
  /** What the evidence said against it, where it said something (steer/flip-guard.ts). */
  readonly against?: string | undefined;
}

/** What a history line says of a flip, whatever it flips. */
export interface FlipReason {
  readonly source: FlipSource;
  /** As they call themselves: for display, nothing is decided by it. */
  readonly who: string;
  /** How they proved that they may: `admin token`, `loopback`, `file`, `autopilot`. */
  readonly identity: string;
  readonly why: string | undefined;
  /** The numbers that led to it. No personal data. */
  readonly evidence?: unknown;
}

/** Who, through what, and why, as a log line has it. */
export const reasonFields = ({ who, source, why }: Pick<FlipReason, 'who' | 'source' | 'why'>) => ({
  by: { who: visible(who), source },
  why: why === undefined ? undefined : visible(why),
});

/** A line of the history. A flip of several routes is several lines of one revision. */
export type FlipRecord = FlipReason & {
  /** Counts up by one with every flip; 0 is before the first. */
  readonly revision: number;
  readonly at: Date;
} & (
    | ({ readonly kind: 'flip' } & FlipChange & Forced)
    | { readonly kind: 'kill-switch'; readonly from: boolean; readonly to: boolean }
  );

interface Forced {
  /** It needed force, and was made with it. Left out of an edit of the file, which nothing holds back. */
  readonly forced?: true;
}

/** What a line of the history says of the evidence. */
export function forcedOf(source: FlipSource, against: string | undefined): Pick<FlipChange, 'against'> & Forced {
  if (against === undefined) return {};
  return source === 'file' ? { against } : { against, forced: true };
}
