import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FACADE_TOKEN } from './kit/facade.ts';
import { Opened, tally } from './kit/load.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startUpstream, until } from './kit/upstream.ts';

/**
 * A stop behind a load balancer: `server.drainDelay` keeps everything served until the balancer's health check has seen
 * the 503, so that a rolling deployment refuses nobody.
 */

const opened = new Opened();
afterEach(opened.closeAll);

interface Backend {
  readonly url: string;
  readonly adminUrl: string;
  readonly process: FacadeProcess;
}

interface Kind {
  readonly name: string;
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** By what the delay is set; undefined: by the config file. */
  readonly variable: string | undefined;
  /** The exit code after a second signal; null: by the signal. */
  readonly hurried: number | null;
  readonly paths: readonly string[];
}

/** The requests after the SIGTERM take longer than the delay, so that its end is among them. */
const BEHIND = { delay: '1500ms', checkEveryMs: 50, perSecond: 150 };

const FACADE_PATHS = ['/leads/42', '/integration/leads/42', '/integration/of-no-route'];
const KINDS: readonly Kind[] = [
  {
    name: 'the facade, by server.drainDelay',
    entry: 'src/main.ts',
    env: {},
    variable: undefined,
    hurried: 1,
    paths: FACADE_PATHS,
  },
  {
    name: 'the facade with WORKERS=2, by DRAIN_DELAY',
    entry: 'src/main.ts',
    env: { WORKERS: '2' },
    variable: 'DRAIN_DELAY',
    hurried: 1,
    paths: FACADE_PATHS,
  },
  {
    name: 'the gateway, by GATEWAY_DRAIN_DELAY',
    entry: 'src/c2s/gateway/main.ts',
    env: { GATEWAY_PORT: '0', GATEWAY_ADMIN_PORT: '0' },
    variable: 'GATEWAY_DRAIN_DELAY',
    hurried: null,
    paths: ['/leads/42'],
  },
];

async function start(
  { entry, env, variable }: Kind,
  upstream: string,
  delay: string,
  opened: Opened,
): Promise<Backend> {
  const process = opened.keep(
    startProcess({
      entry,
      env: {
        ...env,
        C2S_BASE_URL: upstream,
        LOG_LEVEL: 'info',
        ...(variable === undefined ? {} : { [variable]: delay }),
      },
      edit: (config) => {
        if (variable === undefined) config.setIn(['server', 'drainDelay'], delay);
        config.setIn(['server', 'overload', 'maxLag'], '30s');
      },
    }),
  );
  const line = /"(?:listening|url)":"([^"]+)","admin":"([^"]+)"/;
  await until(() => line.test(process.stdout()) || process.child.exitCode !== null, 'it listens', 120_000);
  const [, url = '', adminUrl = ''] = line.exec(process.stdout()) ?? [];
  return { url, adminUrl, process };
}

const startCrm = () =>
  startUpstream((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}');
  });

/** A balancer as they are: by turns over whoever's last health check was 200, over kept connections, without a second try. */
async function startBalancer(backends: readonly string[], checkEveryMs: number): Promise<string> {
  const healthy = new Set(backends);
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const server: Server = createServer((req, res) => {
    const up = backends.filter((url) => healthy.has(url));
    const chosen = up[turn++ % up.length];
    if (chosen === undefined) return void res.writeHead(502).end('nobody is healthy');
    const onward = request(`${chosen}${req.url}`, { method: req.method, headers: req.headers, agent });
    onward.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', ({ message }) => res.writeHead(502).end(message));
    req.pipe(onward);
  });
  const check = (url: string): void => {
    fetch(`${url}/health`).then(
      ({ ok }) => (ok ? healthy.add(url) : healthy.delete(url)),
      () => healthy.delete(url),
    );
  };
  const timer = setInterval(() => backends.forEach(check), checkEveryMs);
  opened.keep({
    close: () => {
      clearInterval(timer);
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** On a connection of its own: one that was kept may be closed by the draining side just as it is used again. */
async function askOnce(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent: false }, resolve).on('error', reject).end();
  });
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return { status: answer.statusCode ?? 0, text };
}

const AUTH = { authorization: `Bearer ${FACADE_TOKEN}` };

describe.each(KINDS)('$name', (kind) => {
  /** One leaves behind a balancer; the other stays there, and is sent its signals after that. */
  let leaving: Backend;
  let staying: Backend;
  const started = new Opened();
  beforeAll(async () => {
    const crm = started.keep(await startCrm());
    [leaving, staying] = (await Promise.all(
      [BEHIND.delay, '1h'].map((delay) => start(kind, crm.url, delay, started)),
    )) as [Backend, Backend];
  }, 240_000);
  afterAll(started.closeAll);

  test(
    'behind a balancer that checks: of 400 requests around a SIGTERM none is refused',
    { timeout: 300_000 },
    async () => {
      const { checkEveryMs, perSecond } = BEHIND;
      const balancer = await startBalancer([leaving.url, staying.url], checkEveryMs);
      const ask = async (i: number): Promise<string> => {
        const path = kind.paths[i % kind.paths.length] ?? '';
        const res = await fetch(`${balancer}${path}`, { headers: AUTH });
        const text = await res.text();
        return res.status === 200 ? '200' : `${path} ${res.status} ${text}`;
      };
      const answers: Promise<string>[] = [];
      // As many as are due by the clock, whether those before are answered or not.
      const beganAt = performance.now();
      await until(
        () => {
          const due = Math.min(400, Math.floor(((performance.now() - beganAt) / 1_000) * perSecond));
          while (answers.length < due) {
            answers.push(ask(answers.length));
            if (answers.length === 100) leaving.process.child.kill('SIGTERM');
          }
          return answers.length === 400;
        },
        'all are asked',
        60_000,
      );
      expect(tally(await Promise.all(answers))).toEqual({ 200: 400 });
      expect(await leaving.process.exited(30_000)).toBe(0);
    },
  );

  test(
    'meanwhile it says that it leaves, and serves; a second signal ends it at once',
    { timeout: 240_000 },
    async () => {
      const { url, adminUrl, process } = staying;
      const agent = new Agent({ keepAlive: true });
      opened.keep({ close: () => agent.destroy() });
      const ask = (method: string, target: string): Promise<IncomingMessage> =>
        new Promise((resolve, reject) => {
          const req = request(target, { method, headers: AUTH, agent }, (res) => resolve(res.resume()));
          req.on('error', reject).end();
        });
      const before = await ask('GET', `${url}${kind.paths[0]}`);
      expect([before.statusCode, before.headers.connection]).toEqual([200, 'keep-alive']);
      process.child.kill('SIGTERM');
      // Of several workers each one hears it for itself.
      for (let row = 0; row < 10;) {
        const { status } = await askOnce(`${url}/health`);
        row = status === 503 ? row + 1 : 0;
      }
      for (const path of ['/health', '/']) {
        const { status, text } = await askOnce(`${url}${path}`);
        expect([status, JSON.parse(text)]).toMatchObject([503, { status: 'draining' }]);
      }
      expect((await askOnce(`${adminUrl}/readyz`)).status).toBe(503);
      expect((await askOnce(`${adminUrl}/healthz`)).status).toBe(200);
      for (const path of kind.paths) {
        const answer = await ask('GET', `${url}${path}`);
        expect([answer.statusCode, answer.headers.connection], path).toEqual([200, 'close']);
      }
      const hurriedAt = performance.now();
      process.child.kill('SIGTERM');
      expect(await process.exited()).toBe(kind.hurried);
      expect(performance.now() - hurriedAt).toBeLessThan(10_000);
    },
  );
});
