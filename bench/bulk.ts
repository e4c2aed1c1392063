import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { BULK_ID, drainPaced, filler, growthDuring } from './kit/bulk.ts';
import { CALLER_TOKEN, CONNECTIONS, leadPath } from './kit/exchange.ts';
import { LoadGenerator } from './kit/load.ts';
import { startOne } from './kit/one.ts';
import type { Running } from './kit/subjects.ts';
import { startUpstream } from './kit/upstream.ts';

/**
 * `npm run bench:bulk -- [--subject name] [--mib n]`: one large upload and one large download, on routes of the table,
 * with a slow receiver. The proxy must hold neither: exit code 1 when it grows by 64 MiB, 2 when it cannot be had.
 */

const { values: options } = parseArgs({
  options: { subject: { type: 'string', default: 'facade' }, mib: { type: 'string', default: '1024' } },
});

const MIB = 1024 * 1024;
const MOST_GROWTH = 64 * MIB;
const bytes = Number(options.mib) * MIB;
/** Both transfers take 4 s a GiB at the receivers' pace; far beyond that something hangs. */
const patience = () => AbortSignal.timeout(20_000 + (bytes / MIB) * 60);

async function answerOf(outgoing: ReturnType<typeof request>): Promise<IncomingMessage> {
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}

function optionsFor(port: number, method: string, path: string): RequestOptions {
  const headers = { authorization: `Bearer ${CALLER_TOKEN}`, 'content-type': 'application/json' };
  return { host: '127.0.0.1', port, method, path, headers, agent: false, signal: patience() };
}

/** Posts and resolves with how many bytes the upstream counted. */
async function upload(port: number): Promise<number> {
  const outgoing = request(optionsFor(port, 'POST', '/integration/leads'));
  outgoing.setHeader('content-length', bytes);
  const [answer] = await Promise.all([answerOf(outgoing), pipeline(filler(bytes), outgoing)]);
  const text = (await answer.setEncoding('utf8').toArray()).join('');
  if (answer.statusCode !== 201) throw new Error(`upload answered ${answer.statusCode}: ${text}`);
  return (JSON.parse(text) as { received: number }).received;
}

/** Reads the large lead and resolves with how many bytes arrived. */
async function download(port: number): Promise<number> {
  const outgoing = request(optionsFor(port, 'GET', leadPath(BULK_ID)));
  outgoing.end();
  const answer = await answerOf(outgoing);
  if (answer.statusCode !== 200) throw new Error(`download answered ${answer.statusCode}`);
  return drainPaced(answer as AsyncIterable<Uint8Array>);
}

/** True when everything arrived and the process stayed small. */
async function transfer(name: string, { port, pids }: Running, work: (port: number) => Promise<number>) {
  const began = performance.now();
  const { result, growth } = await growthDuring(pids[0] ?? -1, () => work(port));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const good = result === bytes && growth < MOST_GROWTH;
  console.log(
    `${name}: ${result / MIB} of ${bytes / MIB} MiB in ${seconds} s, grew by ${(growth / MIB).toFixed(1)} MiB` +
      ` (less than ${MOST_GROWTH / MIB}): ${good ? 'met' : 'MISSED'}`,
  );
  return good;
}

async function main(): Promise<number> {
  const upstream = await startUpstream('bulk-upstream.ts', { BULK_BYTES: String(bytes) });
  const subject = await startOne(options.subject, upstream.url, { total: '10m', gateway: 0 });
  if (!subject) return 2;
  const load = new LoadGenerator();
  // The heap of a process that has served nothing yet would grow by what any first requests take.
  await load.run({ ...subject, connections: CONNECTIONS, warmMs: 0, measureMs: 10_000, mostRequests: 20_000 });
  const uploaded = await transfer('upload', subject, upload);
  const downloaded = await transfer('download', subject, download);
  await Promise.all([load, subject, upstream].map((one) => one.stop()));
  return uploaded && downloaded ? 0 : 1;
}

process.exit(await main());
