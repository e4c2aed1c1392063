import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

/**
 * `npm run bench:gateway`: CPU per leads.get through our gateway against the least that a proxy can do, a bare
 * node:http listener that streams through an undici pool. Each runs as a process of its own, which reports its
 * process.cpuUsage; the upstream and the load are this process. The gateway does all it does in production: it
 * knows its caller by a key, counts, and logs. Rounds alternate, so that a busy moment of the machine falls on both,
 * and the median of the rounds' ratios is what counts. Exit code 1 when it is above the limit.
 */

const LIMIT = 1.8;
const ROUNDS = 21;
const REQUESTS = 2_000;
const CONNECTIONS = 16;
const KEY = 'bench-caller-key';
const LEAD = JSON.stringify({ data: { id: 'l1', type: 'lead', attributes: { description: 'x'.repeat(1_400) } } });

interface Contender {
  readonly name: string;
  readonly child: ChildProcess;
  readonly pool: Pool;
  readonly path: string;
  readonly micros: number[];
}

interface Report {
  readonly port?: number;
  readonly micros?: number;
}

function nextReport(child: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Report);
    });
  });
}

async function start(name: string, path: string, upstream: string): Promise<Contender> {
  const child = spawn(process.execPath, [new URL('gateway-contender.ts', import.meta.url).pathname, name, upstream], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, BENCH_KEY: KEY },
  });
  const { port } = await nextReport(child);
  return { name, child, path, pool: new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS }), micros: [] };
}

async function cpu(child: ChildProcess): Promise<number> {
  const report = nextReport(child);
  child.send('cpu');
  return (await report).micros ?? Number.NaN;
}

async function load({ pool, path }: Contender, requests: number): Promise<void> {
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path,
        headers: { authorization: `Bearer ${KEY}` },
      });
      const { length } = await body.text();
      if (statusCode !== 200 || length !== LEAD.length) throw new Error(`wrong answer: ${statusCode}, ${length} bytes`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const upstream = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': LEAD.length }).end(LEAD);
  request.resume();
});
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
const bare = await start('bare', '/integration/leads/bf1a88eaa4ab34b01a257536563fb42b', address);
const gateway = await start('gateway', '/leads/bf1a88eaa4ab34b01a257536563fb42b', address);
for (const one of [bare, gateway]) await load(one, 5 * REQUESTS); // warm: compiled, connections open
for (let round = 0; round < ROUNDS; round++) {
  for (const one of [bare, gateway]) {
    const before = await cpu(one.child);
    await load(one, REQUESTS);
    one.micros.push(((await cpu(one.child)) - before) / REQUESTS);
  }
}
const [a, b] = [median(bare.micros), median(gateway.micros)];
const ratio = median(gateway.micros.map((micros, round) => micros / (bare.micros[round] ?? Number.NaN)));
console.log(`bare pass-through  ${a.toFixed(1)} µs CPU/request`);
console.log(`gateway            ${b.toFixed(1)} µs CPU/request`);
console.log(`ratio ${ratio.toFixed(2)} (at most ${LIMIT})`);
for (const one of [bare, gateway]) {
  await one.pool.close();
  one.child.disconnect();
}
upstream.close();
upstream.closeAllConnections();
process.exitCode = ratio <= LIMIT ? 0 : 1;
