import type { Socket } from 'node:net';
import type { Document } from 'yaml';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './facade.ts';
import { readMessage, valuesOf, type RawMessage } from './messages.ts';
import { openRaw, type RawCaller } from './raw.ts';
import { startRawUpstream, until, type TestUpstream } from './upstream.ts';

/** A facade between bare sockets: what a caller sends and what an upstream sees are compared byte by byte. */

/** The three ways through the facade. Each has a read, a read that may have a body, and a write; both bodies are streamed. */
export const WAYS = [
  {
    way: 'direct',
    read: '/integration/leads/42',
    readWithBody: '/integration/leads/42',
    write: '/integration/sellers/7',
    force: 'x-facade-force: direct\r\n',
  },
  {
    way: 'gateway',
    read: '/leads/42',
    readWithBody: '/uploads/42',
    write: '/uploads/7',
    force: 'x-facade-force: gateway\r\n',
  },
  {
    way: 'passthrough',
    read: '/api/v9/things/42',
    readWithBody: '/api/v9/things/42',
    write: '/api/v9/things/7',
    force: '',
  },
] as const;
export type Way = (typeof WAYS)[number];

export const AUTH = `authorization: Bearer ${FACADE_TOKEN}\r\n`;

/** What an upstream does when the head of a request has come, and when the whole request has. */
export interface Script {
  head?: (socket: Socket, head: string) => void;
  request?: (socket: Socket, request: RawMessage) => void;
}

export interface WireUpstream extends Omit<TestUpstream, 'received'> {
  /** Whole requests so far. */
  readonly requests: RawMessage[];
  /** Every byte so far, as latin1. */
  readonly bytes: () => string;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Connections that broke or ended so far. */
  readonly ended: () => number;
  script(script: Script): void;
  /** The answer to every whole request from now on. */
  answers(bytes: string | Buffer): void;
  /** Forgets what came, and answers 200 again. */
  reset(): void;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}';
const answerOk: Script = { request: (socket) => void socket.write(OK) };

export async function startWireUpstream(): Promise<WireUpstream> {
  const requests: RawMessage[] = [];
  const sockets = new Set<Socket>();
  let bytes = '';
  let ended = 0;
  let script = answerOk;
  const raw = await startRawUpstream((socket) => {
    let text = '';
    let at = 0;
    let headSeenAt = -1;
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      ended++;
    });
    socket.on('data', (chunk) => {
      bytes += chunk.toString('latin1');
      text += chunk.toString('latin1');
      for (;;) {
        const headEnd = text.indexOf('\r\n\r\n', at);
        if (headEnd >= 0 && headSeenAt !== at) {
          headSeenAt = at;
          script.head?.(socket, text.slice(at, headEnd + 4));
        }
        const request = readMessage(text, at);
        if (!request) return;
        at = request.end;
        requests.push(request);
        script.request?.(socket, request);
      }
    });
  });
  return {
    ...raw,
    requests,
    bytes: () => bytes,
    open: () => sockets.size,
    ended: () => ended,
    script: (next) => void (script = next),
    answers: (answer) => void (script = { request: (socket) => void socket.write(answer) }),
    reset: () => {
      script = answerOk;
      requests.length = 0;
      bytes = '';
    },
  };
}

/** A caller that reads whole answers one after another. */
export interface WireCaller extends RawCaller {
  /** The next whole answer on this connection; 1xx are answers, too. */
  answer(options?: { bodiless?: boolean; deadline?: number }): Promise<Answer>;
  /** Sends a request and reads its answer. */
  ask(bytes: string, options?: { bodiless?: boolean; deadline?: number }): Promise<Answer>;
  readonly isClosed: () => boolean;
}

export interface Answer extends RawMessage {
  readonly status: number;
  /** The only value of a header; several are joined by a bar, none is undefined. */
  header(name: string): string | undefined;
}

export function openCaller(url: string): WireCaller {
  const raw = openRaw(url);
  let at = 0;
  const answer = async ({ bodiless = false, deadline = 5_000 } = {}): Promise<Answer> => {
    const read = () => readMessage(raw.text(), at, { bodiless, isAnswer: true, closed: raw.isClosed() });
    await until(
      () => read() !== undefined || raw.isClosed(),
      `answer; got: ${raw.text().slice(at, at + 500)}`,
      deadline,
    );
    const message = read();
    if (!message) throw new Error(`closed before a whole answer; got: ${raw.text().slice(at, at + 500)}`);
    at = message.end;
    return {
      ...message,
      status: Number(message.line.split(' ')[1]),
      header: (name) => {
        const values = valuesOf(message, name);
        return values.length === 0 ? undefined : values.join('|');
      },
    };
  };
  return {
    ...raw,
    answer,
    ask: (bytes, options) => {
      raw.send(bytes);
      return answer(options);
    },
  };
}

export interface Wire {
  readonly facade: TestFacade;
  readonly direct: WireUpstream;
  readonly gateway: WireUpstream;
  /** The upstream that a way leads to. */
  upstream(way: Way): WireUpstream;
  /** A new connection to the facade; destroyed by {@link reset}. */
  caller(): WireCaller;
  /** After each test: callers leave, upstreams forget. */
  reset(): void;
  close(): Promise<void>;
}

/** A body for a route with a direct path is read before the gateway is asked; on these it is streamed. */
const UPLOADS = ['PUT', 'GET'].map((method) => ({
  id: `uploads.${method.toLowerCase()}`,
  gateway: `${method} /uploads/:id`,
  rollout: { gateway: 100, fallback: 'none' },
}));

/** @param edit changes the table further; breakers stay closed and failover is off unless it says otherwise. */
export async function startWire(edit?: (config: Document) => void, env?: Record<string, string>): Promise<Wire> {
  const direct = await startWireUpstream();
  const gateway = await startWireUpstream();
  const facade = await startFacade({
    direct: direct.url,
    gateway: gateway.url,
    ...(env && { env }),
    edit: (config) => {
      config.setIn(['server', 'forceHeader'], true);
      config.setIn(['defaults', 'breaker', 'volumeThreshold'], 10_000);
      const { routes } = config.toJS() as { routes: unknown[] };
      routes.forEach((_, i) => config.setIn(['routes', i, 'rollout', 'fallback'], 'none'));
      for (const upload of UPLOADS) config.addIn(['routes'], config.createNode(upload));
      setRoute(config, 'leads.get', ['query'], { n: {} });
      edit?.(config);
    },
  });
  const callers: WireCaller[] = [];
  return {
    facade,
    direct,
    gateway,
    upstream: ({ way }) => (way === 'gateway' ? gateway : direct),
    caller: () => {
      const caller = openCaller(facade.url);
      callers.push(caller);
      return caller;
    },
    reset: () => {
      for (const caller of callers.splice(0)) caller.destroy();
      direct.reset();
      gateway.reset();
    },
    close: async () => {
      for (const caller of callers.splice(0)) caller.destroy();
      await facade.stop();
      await direct.close();
      await gateway.close();
    },
  };
}

/** A read on a way, with further header lines (each ending in CRLF). */
export function get(way: Way, headers = '', target: string = way.read): string {
  return `GET ${target} HTTP/1.1\r\nhost: facade.test\r\n${AUTH}${way.force}${headers}\r\n`;
}

/** A write on a way: PUT, with the body as given; say its framing in `headers`. */
export function put(way: Way, headers: string, body = ''): string {
  return `PUT ${way.write} HTTP/1.1\r\nhost: facade.test\r\n${AUTH}${way.force}${headers}\r\n${body}`;
}
