import type { IncomingMessage } from 'node:http';
import { requestIdOf } from '../../http/request-id.ts';
import type { Ending } from '../../http/buffered-exchange.ts';
import type { OperationLabel } from './metrics.ts';

/** What is known of one request while it is under way; what its log line is made of. Never paths, queries or bodies. */
export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  /** From performance.now(). */
  readonly began: number;
  readonly ending: Ending;
  operation: OperationLabel;
  /** Name of the caller key. */
  caller?: string;
  /** The fault behind an error answer of ours. */
  fault?: string;
  cause?: unknown;
}

/** Keeps the caller's request id when it is one, so that one id follows a lead through every service. */
export function newRecord(request: IncomingMessage): RequestRecord {
  return {
    requestId: requestIdOf(request.headers['x-request-id']),
    method: request.method ?? '',
    began: performance.now(),
    ending: { left: false },
    operation: 'none',
  };
}
