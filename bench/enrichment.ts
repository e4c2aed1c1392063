import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { parseDocument } from 'yaml';
import { PRODUCT } from '../src/c2s/product.ts';
import { startApp } from '../src/facade/app.ts';
import { readEnvironment } from '../src/c2s/environment.ts';
import { createLogs } from '../src/http/log.ts';

/**
 * Enrichments per second of one facade, with upstreams that take 20 ms each and a Postgres that writes to disk as in
 * production: DATABASE_URL, or the embedded one. `npm run bench:enrichment -- [leads] [concurrency]`.
 *
 * The facade's own proxy carries each read and each message, so the figure is what one process does with all of it on
 * its back; its CPU time says how many it could do alone on a core.
 */

const LATENCY_MS = 20;
const BOUND = 200;
const PUSH = 500;
const SECRET = 'bench-webhook-secret-0';
const [leads = 3_000, concurrency = 64] = process.argv.slice(2).map(Number);

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-bench-'));
  const config = parseDocument(readFileSync('config/facade.yaml', 'utf8'));
  config.setIn(['enrichment'], config.createNode({ concurrency, workApi: { pace: '0ms' } }));
  writeFileSync(join(dir, 'facade.yaml'), config.toString());
  const upstreams = new Worker(new URL('enrichment-upstreams.ts', import.meta.url));
  const [[c2s, diretrix, workApi]] = (await once(upstreams, 'message')) as [[string, string, string]];
  const read = readEnvironment({
    DATABASE_URL: process.env['DATABASE_URL'],
    DATA_DIR: dir,
    PORT: '0',
    ADMIN_PORT: '0',
    FACADE_CONFIG: join(dir, 'facade.yaml'),
    C2S_BASE_URL: c2s,
    C2S_TOKEN: 'bench-c2s-token-0000',
    WORK_API_URL: workApi,
    WORK_API_KEY: 'key',
    DIRETRIX_BASE_URL: diretrix,
    DIRETRIX_USER: 'user',
    DIRETRIX_PASS: 'pass',
    WEBHOOK_SECRET: SECRET,
  });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const app = await startApp({
    environment: read.environment,
    product: PRODUCT,
    variables: () => ({ C2S_BASE_URL: c2s }),
    ...createLogs('warn', process.stdout),
  });
  try {
    await new Promise<void>((ready) => app.store.whenReady('bench', () => ready()));
    process.stdout.write(`${leads} leads, ${concurrency} at once, ${LATENCY_MS} ms an upstream call\n`);
    // The first round is for V8 and the caches of Postgres.
    const subject = { url: app.url, dir, upstreams };
    await round(subject, 'warm-up', 500);
    const perSecond = await round(subject, 'measured', leads);
    process.exitCode = perSecond >= BOUND ? 0 : 1;
    process.stdout.write(`bound ${BOUND}/s: ${perSecond >= BOUND ? 'met' : 'MISSED'}\n`);
  } finally {
    await app.stop();
    await upstreams.terminate();
    rmSync(dir, { recursive: true, force: true });
  }
}

let made = 0;

interface Subject {
  readonly url: string;
  /** Where the embedded Postgres is, if it is that. */
  readonly dir: string;
  readonly upstreams: Worker;
}

interface Counted {
  readonly leads: number;
  readonly doubles: number;
  /** Of the upstreams' thread. */
  readonly cpuMs: number;
}

async function count(upstreams: Worker): Promise<Counted> {
  upstreams.postMessage('count');
  const [counted] = (await once(upstreams, 'message')) as [Counted];
  return counted;
}

/** Milliseconds of CPU time so far: the facade with its pushes and looks, the upstreams, the embedded Postgres. */
async function cpuTimes(dir: string, upstreams: Worker) {
  const { user, system } = process.threadCpuUsage();
  return { facade: (user + system) / 1000, upstreams: (await count(upstreams)).cpuMs, postgres: postgresCpu(dir) };
}

/** Of the server and all its processes, out of /proc; NaN where it is not ours. */
function postgresCpu(dir: string): number {
  const pidFile = join(dir, 'postgres', 'postmaster.pid');
  if (!existsSync(pidFile)) return NaN;
  const server = readFileSync(pidFile, 'utf8').split('\n')[0] ?? '';
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const text = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    const [, parent, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // utime and stime, and of the server those of its processes that ended (proc_pid_stat(5), fields 14 to 17).
    const [user = 0, system = 0, ended = 0, endedSystem = 0] = fields.slice(9, 13).map(Number);
    if (parent === server) ticks += user + system;
    if (pid === server) ticks += user + system + ended + endedSystem;
  }
  return ticks * 10;
}

async function round({ url, dir, upstreams }: Subject, name: string, leads: number): Promise<number> {
  const ids = Array.from({ length: leads }, () => (++made).toString(16).padStart(32, '0'));
  const before = await cpuTimes(dir, upstreams);
  const startedAt = performance.now();
  for (let i = 0; i < leads; i += PUSH) await push(url, ids.slice(i, i + PUSH));
  for (let leadsDone = 0; leadsDone < made;) {
    if (performance.now() - startedAt > 120_000) throw new Error(`only ${leadsDone} of ${made} in two minutes`);
    await new Promise((later) => setTimeout(later, 20));
    const counted = await count(upstreams);
    if (counted.doubles > 0) throw new Error(`${counted.doubles} leads got their message twice`);
    leadsDone = counted.leads;
  }
  const ms = performance.now() - startedAt;
  const after = await cpuTimes(dir, upstreams);
  const perSecond = (leads / ms) * 1000;
  const each = (part: keyof typeof before): string => `${part} ${((after[part] - before[part]) / leads).toFixed(1)}`;
  process.stdout.write(
    `${name}: ${perSecond.toFixed(0)} enrichments/s; ms CPU each: ${each('facade')}, ${each('postgres')}, ${each('upstreams')}\n`,
  );
  return perSecond;
}

async function push(url: string, ids: readonly string[]): Promise<void> {
  const res = await fetch(`${url}/api/v1/webhooks/c2s`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-webhook-token': SECRET },
    body: JSON.stringify(ids.map((id) => ({ id, attributes: { updated_at: '2026-01-01' } }))),
  });
  if (!res.ok) throw new Error(`the push was answered ${res.status}: ${await res.text()}`);
  await res.arrayBuffer();
}

await main();
