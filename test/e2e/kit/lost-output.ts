import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { Agent, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FACADE_TOKEN, readMetric } from './facade.ts';
import { inBatches, Opened, tally } from './load.ts';
import { startProcess, type FacadeProcess } from './process.ts';
import { refusedUrl, startUpstream, until } from './upstream.ts';

/**
 * Standard output that cannot be written, or that nobody reads any more: callers notice nothing, the lines that are lost
 * are counted, and SIGTERM ends the process as always, with what is under way finished first.
 */

/** What a test must close after each of its tests. */
export const opened = new Opened();

/** A pipe of the kernel's (spawn's own are sockets), and its reader. */
export function openPipe() {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-pipe-'));
  const file = join(dir, 'pipe');
  execFileSync('mkfifo', [file]);
  let reader: number | undefined = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  /** As a reader that stalled long ago leaves it. */
  const fill = (): void => {
    const line = Buffer.from(`${'-'.repeat(1_023)}\n`);
    try {
      for (;;) writeSync(writer, line);
    } catch {
      // It is full.
    }
  };
  const readerLeaves = (): void => {
    if (reader !== undefined) closeSync(reader);
    reader = undefined;
  };
  const close = (): void => {
    readerLeaves();
    closeSync(writer);
    rmSync(dir, { recursive: true });
  };
  /** What is in the pipe now. */
  const read = (): string => {
    const bytes = Buffer.alloc(1_048_576);
    try {
      return bytes.subarray(0, readSync(reader as number, bytes)).toString();
    } catch {
      return '';
    }
  };
  return opened.keep({ stdout: writer, fill, readerLeaves, read, close });
}

/** What happens to standard output, and when. */
export const SURROUNDINGS = [
  {
    name: 'a full disk (ENOSPC)',
    open: () => {
      const stdout = openSync('/dev/full', 'w');
      return opened.keep({ stdout, turn: (): void => undefined, close: () => closeSync(stdout) });
    },
  },
  {
    name: 'a reader that leaves (EPIPE)',
    open: () => {
      const { stdout, readerLeaves } = openPipe();
      return { stdout, turn: readerLeaves };
    },
  },
  {
    name: 'a reader that stalls',
    open: () => {
      const { stdout, fill } = openPipe();
      return { stdout, turn: fill };
    },
  },
] as const;

interface Service {
  readonly url: string;
  readonly adminUrl: string;
  readonly process: FacadeProcess;
}

export const SERVICES = [
  { name: 'the facade', entry: 'src/main.ts', prefix: '', env: {}, metric: 'facade_log_dropped_total' },
  {
    name: 'the facade with WORKERS=2',
    entry: 'src/main.ts',
    prefix: '',
    env: { WORKERS: '2' },
    metric: 'facade_log_dropped_total',
  },
  {
    name: 'the gateway',
    entry: 'src/c2s/gateway/main.ts',
    prefix: 'GATEWAY_',
    env: {},
    metric: 'gateway_log_dropped_total',
  },
] as const;

export async function start(service: (typeof SERVICES)[number], upstream: string, stdout: number): Promise<Service> {
  const [url, adminUrl] = [await refusedUrl(), await refusedUrl()];
  const process = opened.keep(
    startProcess({
      entry: service.entry,
      stdout,
      // The machine is shared with other tests.
      edit: (config) => config.setIn(['server', 'overload', 'maxLag'], '30s'),
      env: {
        ...service.env,
        C2S_BASE_URL: upstream,
        LOG_LEVEL: 'info',
        [`${service.prefix}PORT`]: new URL(url).port,
        [`${service.prefix}ADMIN_PORT`]: new URL(adminUrl).port,
      },
    }),
  );
  // With workers: when all of them are there.
  const isUp = () =>
    fetch(`${adminUrl}/readyz`).then(
      async (res) => {
        const { workers } = (await res.json()) as { workers?: { ready: number } };
        return res.ok && (!workers || workers.ready === 2);
      },
      () => process.child.exitCode !== null,
    );
  await until(isUp, 'it serves', 120_000);
  return { url, adminUrl, process };
}

/** The status of a GET, or why there is none. */
export function get(url: string, agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    // The longest that is taken: lines fill the memory sooner.
    const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'x-request-id': 'x'.repeat(128) };
    const req = request(url, { agent, headers, timeout: 10_000 }, (res) =>
      res.resume().on('end', () => resolve(res.statusCode ?? 0)),
    );
    req.on('timeout', () => req.destroy(new Error('no answer within 10 s')));
    req.on('error', ({ message }) => resolve(message)).end();
  });
}

/** An agent whose connections are kept until the end of the test. */
export function keptAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  opened.keep({ close: () => agent.destroy() });
  return agent;
}

/** Takes the output from a service that serves, and ends it while a request is under way. */
export async function survives(
  service: (typeof SERVICES)[number],
  { open }: (typeof SURROUNDINGS)[number],
): Promise<void> {
  const held: ServerResponse[] = [];
  const direct = opened.keep(
    await startUpstream(({ url }, res) =>
      url.includes('held')
        ? void held.push(res)
        : void res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}'),
    ),
  );
  const surroundings = open();
  const { url, adminUrl, process } = await start(service, direct.url, surroundings.stdout);
  const agent = keptAgent();
  const metrics = async () => (await fetch(`${adminUrl}/metrics`)).text();
  const calls = (n: number) => inBatches(n, 16, () => get(`${url}/leads/42`, agent));
  expect(await metrics()).toContain(`\n${service.metric} `);
  expect(tally(await calls(100))).toEqual({ 200: 100 });
  surroundings.turn();
  const isCounted = async () => {
    expect(tally(await calls(200))).toEqual({ 200: 200 });
    return readMetric(await metrics(), service.metric) > 0;
  };
  await until(isCounted, 'what is lost is counted', 60_000);
  expect(tally(await calls(100))).toEqual({ 200: 100 });
  const underWay = get(`${url}/leads/held`, agent);
  await until(() => held.length === 1, 'one is under way');
  process.child.kill('SIGTERM');
  const isRefused = () =>
    fetch(`${url}/health`).then(
      () => false,
      () => true,
    );
  await until(isRefused, 'it leaves');
  held[0]?.end('{"data":{}}');
  expect(await underWay).toBe(200);
  expect(await process.exited()).toBe(0);
  expect(process.stderr()).toBe('');
}
