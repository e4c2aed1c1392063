import type { Pace } from '../pace.ts';
import type { LiveTraffic } from './window.ts';

/** What the autopilot knows of one route at one tick. Everything that it decides follows from these. */

/** Of the route's shadows, as the parity report judges them. */
export interface ParityFacts {
  readonly verdict: 'not enough data' | 'ready' | 'not ready' | 'cannot be measured';
  /** Why it is not ready, in words. */
  readonly because: readonly string[];
  /** Comparisons that were judged, and those of them that differed, noise subtracted. */
  readonly samples: number;
  readonly mismatches: number;
  /** 0..1, the lower confidence bound of the share that matched. */
  readonly lowerBound: number;
  /** 95th percentiles of what was compared, milliseconds; undefined: not measured. */
  readonly latencyP95: { readonly direct: number; readonly gateway: number } | undefined;
}

/** Of the route's writes that were read back through direct. */
export interface ReadBackFacts {
  readonly arrived: number;
  readonly notArrived: number;
  /** That must have arrived before anything is raised. */
  readonly wanted: number;
  /** Names of the fields that were not found again. */
  readonly missing: readonly string[];
}

type FlippedBy = 'autopilot' | 'human';

/** The last change of the route's gateway percentage. */
export interface FlipFacts {
  /** Identifies it: another one means that somebody flipped. */
  readonly revision: string;
  readonly by: FlippedBy;
}

export interface AutopilotFacts {
  /** Percentage that is in force. */
  readonly gateway: number;
  readonly flip: FlipFacts;
  /** Everything is direct by the kill switch. */
  readonly isKilled: boolean;
  /** The breaker of the gateway path, of any instance. */
  readonly breaker: 'closed' | 'half-open' | 'open';
  /** Undefined: nothing was compared. */
  readonly parity: ParityFacts | undefined;
  /** Undefined: the route has no `verify`. */
  readonly readBacks: ReadBackFacts | undefined;
  /** How fast evidence of both comes; undefined: there is none. */
  readonly pace: Pace | undefined;
  /** Why no evidence comes today, in words; left out: some may come. */
  readonly pausedBy?: string | undefined;
  readonly live: LiveTraffic;
}
