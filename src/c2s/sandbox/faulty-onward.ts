import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../../http/listener.ts';

/**
 * Between the sandbox's gateway and Contact2Sale's stand-in, where there is traffic: what makes the gateway path differ from
 * the direct one. Each answer takes a little longer. One route is faulty, so that its parity is not ready and an autopilot
 * would roll it back: a lead's tags lose their colour, and some answers are 503.
 */

/** The only faulty route: leads.tags.list. */
const FAULTY_PATH = /^\/integration\/leads\/\w+\/tags(?:\?|$)/;
const ERROR_RATE = 0.05;
/** Milliseconds, on average. */
const DELAY_MS = 4;

export interface FaultyOnward {
  readonly url: string;
  close(): void;
}

/** @param target base URL of the stand-in. @param random 0 ≤ n < 1. */
export async function startFaultyOnward(target: string, random: () => number): Promise<FaultyOnward> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((req, res) => {
    void sleep(-Math.log(1 - random()) * DELAY_MS).then(() => forward(req, res));
  });
  const forward = (req: IncomingMessage, res: ServerResponse): void => {
    const isFaulty = req.method === 'GET' && FAULTY_PATH.test(req.url ?? '');
    if (isFaulty && random() < ERROR_RATE) return void res.writeHead(503).end('{"error":"Service Unavailable"}');
    const onward = request(
      new URL(req.url ?? '/', target),
      { method: req.method, headers: req.headers, agent },
      (answer) => {
        if (isFaulty && answer.statusCode === 200) return void withoutColour(answer, res);
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    onward.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    req.pipe(onward);
  };
  const url = await listen(server, '127.0.0.1', 0, "the sandbox's faulty connection");
  return {
    url,
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

async function withoutColour(answer: IncomingMessage, res: ServerResponse): Promise<void> {
  const text = (await answer.toArray()).map(String).join('');
  const body = JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === 'color' ? undefined : value));
  res.writeHead(200, { 'content-type': 'application/json' }).end(body);
}
