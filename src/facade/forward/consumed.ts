import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../http/log.ts';
import { sendProblem, type Problem } from '../../http/problem.ts';
import { requestIdOf } from '../../http/request-id.ts';

/**
 * In somebody else's server a body parser may have read a request before it gets here. What was read cannot be sent on
 * as it came, and what is left of it would reach Contact2Sale as a whole. So nothing is sent at all.
 */

const CONSUMED: Problem = {
  status: 500,
  kind: 'body-consumed',
  detail:
    'The body was read before it reached the facade. Nothing was sent. The facade belongs above every body parser: ' +
    'app.use(facade.handle) first, the parser behind it or on its own paths.',
};

/** Serves what is whole, and refuses what somebody has begun to read. */
export function consumedGuard(
  handle: (req: IncomingMessage, res: ServerResponse) => void,
  log: Logger,
): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    if (!isConsumed(req)) return handle(req, res);
    log.error('a body was read before it reached the facade: mount the facade above every body parser');
    sendProblem(res, CONSUMED, requestIdOf(req.headers['x-request-id']));
  };
}

/** Read already, or somebody listens to it: the first bytes would go there. */
function isConsumed(req: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && (length === undefined || length === '0')) return false;
  return req.readableDidRead || req.readableFlowing === true;
}
