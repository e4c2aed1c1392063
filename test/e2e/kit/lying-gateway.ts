import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Pool } from 'undici';
import { lieAbout, losingMessage, type Lie } from './lies.ts';

/**
 * A proxy in front of a truthful gateway that lies about what it said, so that a test or a demonstration can show
 * whether the comparison notices. It can stand in front of the CRM's stand-in as well: a lie told there is told on both
 * paths, as noise is.
 */
export interface LyingGatewayOptions {
  /** Base URL of who tells the truth. */
  readonly target: string;
  readonly lies?: readonly Lie[] | undefined;
  /** Share of the answers that are lied about, 0 to 1; asked for each. Default: all. */
  readonly share?: number | undefined;
  /** 0 ≤ n < 1. */
  readonly random?: (() => number) | undefined;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: (() => number) | undefined;
  /** Default 0: the system picks a free one. */
  readonly port?: number | undefined;
}

export interface LyingGateway {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** Live: add and delete while it runs. */
  readonly lies: Set<Lie>;
  close(): Promise<void>;
}

/** Answers that `stale_data` remembers; the oldest goes first. */
const MOST_REMEMBERED = 1_000;

export async function startLyingGateway(options: LyingGatewayOptions): Promise<LyingGateway> {
  const { target, share = 1, random = Math.random, now = Date.now, port = 0 } = options;
  const lies = new Set(options.lies);
  const pool = new Pool(target);
  const remembered = new Map<string, Truth>();
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const told = random() < share ? lies : NONE;
    const truth = await ask(pool, req, told);
    send(res, told.has('stale_data') ? stale(remembered, req, truth) : truth, told, now());
  };
  const server = createServer((req, res) => {
    // Who cannot reach the truth has none to bend: the connection ends, as a gateway's would that died.
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lies,
    async close() {
      server.close();
      server.closeAllConnections();
      await pool.destroy();
    },
  };
}

const NONE: ReadonlySet<Lie> = new Set();

/** What the CRM and its gateway read of a request. */
const FORWARDED = ['authorization', 'authentication', 'content-type'];

interface Truth {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

async function ask(pool: Pool, req: IncomingMessage, lies: ReadonlySet<Lie>): Promise<Truth> {
  const sent = (await buffer(req)).toString('utf8');
  const isLost = lies.has('message_body_lost') && /\/messages$/.test(req.url ?? '');
  const body = isLost ? losingMessage(sent) : sent;
  const answer = await pool.request({
    method: req.method ?? 'GET',
    path: req.url ?? '/',
    headers: FORWARDED.flatMap((name) => {
      const value = req.headers[name];
      return typeof value === 'string' ? [name, value] : [];
    }),
    body: body === '' ? null : body,
  });
  const { 'content-type': contentType } = answer.headers;
  return { status: answer.statusCode, contentType: String(contentType ?? ''), body: await answer.body.text() };
}

function stale(remembered: Map<string, Truth>, { method, url }: IncomingMessage, truth: Truth): Truth {
  const key = `${method} ${url}`;
  if (method !== 'GET' || truth.status !== 200) return truth;
  const known = remembered.get(key);
  if (known) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '');
  remembered.set(key, truth);
  return truth;
}

function send(res: ServerResponse, { status, contentType, body }: Truth, lies: ReadonlySet<Lie>, now: number): void {
  const isSuccess = status >= 200 && status < 300;
  res.statusCode = isSuccess && lies.has('wrong_status') ? 202 : status;
  if (contentType !== '') res.setHeader('content-type', contentType);
  res.end(isSuccess && lies.size > 0 ? lieAbout(body, lies, now) : body);
}
