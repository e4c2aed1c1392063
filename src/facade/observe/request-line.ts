import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { BreakerStateName } from './metrics.ts';
import type { DecisionReason } from '../rollout/decide.ts';
import type { Stage } from '../rollout/stage.ts';
import type { Logger } from '../../http/log.ts';

/** The one line that a request gets, whether a route claims it or not. No URL, no query, no header, no body. */
interface RequestLine {
  readonly requestId: string;
  readonly route: string;
  readonly path: string;
  readonly dialect: string;
  readonly method: string | undefined;
  readonly status: number;
  readonly outcome: Outcome;
  /** Milliseconds. */
  readonly ms: number;
  /** Caller.id: tells callers apart and reveals nothing. */
  readonly caller: string | undefined;
  /** Why it took its path; left out where no route claims it. */
  readonly decision?: RequestDecision | undefined;
  /** Of a WebSocket that the facade closed: why. */
  readonly closedFor?: 'idle' | 'stop' | undefined;
}

/** How the rollout table decided, as `c2s-facade explain` says it. */
export interface RequestDecision {
  readonly stage: Stage;
  /** Of the sticky value, 0..9999. */
  readonly bucket: number;
  /** Of the path that was meant; the one that answered may be another. */
  readonly reason: DecisionReason;
  /** Of the gateway's breaker at the end; left out where the route has no gateway. */
  readonly breaker: BreakerStateName | undefined;
}

/** Asked before a line is made, since most are not wanted. @param sample share of the successful requests, 0 to 1. */
export function isLogged(log: Logger, outcome: Outcome, sample: number): boolean {
  return log.isLevelEnabled(levelOf(outcome)) && (outcome !== 'ok' || sample >= 1 || Math.random() < sample);
}

export function logRequest(log: Logger, { decision, ...line }: RequestLine): void {
  log[levelOf(line.outcome)]({ ...line, ...decision, ms: Math.round(line.ms * 10) / 10 }, 'request');
}

function levelOf(outcome: Outcome): 'warn' | 'info' {
  return decisionOf(outcome).judge === 'failure' ? 'warn' : 'info';
}
