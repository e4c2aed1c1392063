import { Agent, type Server } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';

/**
 * Connections to the facade's own public listener without a port: one end of a pair of streams is handed to the
 * http.Server as if it had been accepted, the other to node's http client. So what the enrichment asks goes the way of
 * every request (matched, split, measured, failed over), and no part of it can be reached, or used up, from outside.
 */

/** What node's http client calls on the sockets that it keeps; there is nothing behind it here. */
const NOTHING = {
  setKeepAlive: noOperation,
  setNoDelay: noOperation,
  setTimeout: noOperation,
  ref: noOperation,
  unref: noOperation,
};

function noOperation(this: unknown): unknown {
  return this;
}

/** An agent whose connections all lead into the server. @param width connections at once; more requests wait. */
export function localAgent(server: Server, width: number): Agent {
  // Not kept: they cost nothing to make, and one that waits idle could be closed by a stop just as it is used again.
  const agent = new Agent({ keepAlive: false, maxSockets: width });
  agent.createConnection = () => {
    const [ours, theirs] = duplexPair();
    tie(ours, theirs);
    Object.assign(ours, NOTHING);
    server.emit('connection', theirs);
    return ours;
  };
  return agent;
}

/** A pair ends together, as two ends of a socket do; else a cut answer would leave the other side waiting. */
function tie(ours: Duplex, theirs: Duplex): void {
  const swallow = (): void => undefined;
  ours.on('error', swallow).once('close', () => theirs.destroy());
  theirs.on('error', swallow).once('close', () => ours.destroy());
}
