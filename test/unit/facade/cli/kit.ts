import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ADMIN_LISTENER, LISTENER_HEADER } from '../../../../src/facade/admin/listener-name.ts';
import { COMMAND_LINE } from '../../../../src/c2s/cli/command-line.ts';
import type { CommandLine } from '../../../../src/facade/cli/context.ts';
import type { Io } from '../../../../src/facade/cli/io.ts';
import { run } from '../../../../src/facade/cli/run.ts';

/** The command line in this process: everything that it would see of the real one is handed in. */

export const NOW = Date.parse('2026-11-24T12:00:00Z');

export interface CliOptions {
  readonly env?: Record<string, string | undefined>;
  /** Left out: there is none, and that of the working directory is not read. */
  readonly envFile?: string;
  readonly width?: number;
  /** A terminal: colours, and somebody who can be asked. */
  readonly terminal?: boolean;
  /** Answers what is asked; may do something first. */
  readonly answer?: (question: string) => string | Promise<string>;
  /** Left out: the one that is shipped. */
  readonly line?: CommandLine;
}

export interface CliResult {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Nobody listens there, and fetch does not refuse the port by itself. */
const NOWHERE = '4';

const NO_FILE = '/nowhere/.env';

export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, envFile = NO_FILE, width = 80, terminal = false, answer, line = COMMAND_LINE } = options;
  let [out, err] = ['', ''];
  const io: Io = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    env: { ADMIN_PORT: NOWHERE, ...env },
    envFile,
    width,
    isTerminal: terminal,
    canAsk: answer !== undefined,
    colour: terminal,
    now: () => NOW,
    ask: (question) => Promise.resolve(answer?.(question) ?? ''),
  };
  const start = line.start && { ...line.start, run: () => Promise.reject(new Error('start')) };
  return { code: await run(argv, io, { ...line, start }), out, err };
}

export interface Told {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface FakeAdmin {
  readonly url: string;
  readonly told: Told[];
  close(): Promise<void>;
}

export type Answers = Readonly<Record<string, unknown>>;

/** An admin listener that says what it is told to, by `METHOD /path`; a number is a bare status, all else is JSON. */
export function startFakeAdmin(answers: Answers): Promise<FakeAdmin> {
  const told: Told[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      if (url === '/healthz') return res.writeHead(200, { [LISTENER_HEADER]: ADMIN_LISTENER }).end('{"status":"ok"}');
      told.push({ method, url, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) });
      const answer: unknown = answers[`${method} ${url.split('?')[0]}`] ?? 404;
      const isPair = Array.isArray(answer) && typeof answer[0] === 'number';
      const [status, body] = isPair ? (answer as [number, unknown]) : [200, answer];
      if (typeof answer === 'number') return res.writeHead(answer).end('{"title":"Not Found"}');
      return res.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told, close });
    });
  });
}

/** The port of a fake differs from run to run; golden texts call it by its usual one. */
export const withUsualPort = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:9901');
