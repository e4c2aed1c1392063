import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createListener } from '../../http/listener.ts';

/** The admin listener, with the limits and the refusals of the public one. It speaks no WebSocket. */
export function createAdminListener(handle: (req: IncomingMessage, res: ServerResponse) => void): Server {
  return createListener({
    maxHeadBytes: MAX_HEAD_BYTES,
    keepAliveMs: KEEP_ALIVE_MS,
    handle(req, res, expectsContinue) {
      if (expectsContinue) res.writeContinue();
      handle(req, res);
    },
  });
}

const MAX_HEAD_BYTES = 16 * 1024;
/** Node's own default: a console holds its stream open, and probes and scrapes come seldom. */
const KEEP_ALIVE_MS = 5_000;
