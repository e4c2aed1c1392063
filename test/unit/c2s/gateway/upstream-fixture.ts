import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The smallest upstream that shows what the gateway sent and answers what a test says. */
export interface UpstreamFixture {
  readonly url: string;
  readonly received: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[];
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  answer: { status: number; body: string | Buffer; headers?: Record<string, string> };
  /** Answers by request instead of `answer`. */
  respond: ((request: UpstreamFixture['received'][number], response: ServerResponse) => void) | undefined;
  /** Receives, and answers only on `release()`. */
  silent: boolean;
  /** Receives, then destroys the connection. */
  reset: boolean;
  release(): void;
  /** Resolves when so many requests have arrived; fails after 5 s. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<UpstreamFixture> {
  const waiting: ServerResponse[] = [];
  let connections = 0;
  const finish = (response: ServerResponse): void => {
    const { status, body, headers } = fixture.answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body };
      fixture.received.push(seen);
      if (fixture.reset) request.socket.resetAndDestroy();
      else if (fixture.silent) waiting.push(response);
      else if (fixture.respond) fixture.respond(seen, response);
      else finish(response);
    });
  });
  let open = 0;
  server.on('connection', (socket) => {
    connections++;
    open++;
    socket.on('close', () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fixture: UpstreamFixture = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: { status: 200, body: '{"data":{}}' },
    respond: undefined,
    silent: false,
    reset: false,
    get open() {
      return open;
    },
    get connections() {
      return connections;
    },
    release: () => waiting.splice(0).forEach(finish),
    async until(count) {
      const deadline = Date.now() + 5_000;
      while (fixture.received.length < count) {
        if (Date.now() > deadline) throw new Error(`only ${fixture.received.length} of ${count} requests arrived`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fixture;
}

/** A loopback port where nobody listens: bound, then closed. */
export async function closedPort(): Promise<number> {
  const fixture = await startUpstream();
  await fixture.close();
  return Number(new URL(fixture.url).port);
}
