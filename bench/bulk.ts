import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { bulkId, drainPaced, filler, MIB, watched } from './kit/bulk.ts';
import { CALLER_TOKEN, CONNECTIONS, leadPath } from './kit/exchange.ts';
import { LoadGenerator } from './kit/load.ts';
import { startOne } from './kit/one.ts';
import { rss } from './kit/proc.ts';
import { startUpstream } from './kit/upstream.ts';

/**
 * `npm run bench:bulk -- [--subject name] [--mib n]`: one large upload and one large download, on routes of the table,
 * with a slow receiver. The proxy must hold neither: exit code 1 when it does, 2 when it cannot be had.
 *
 * Two bounds, because V8 lets 64 MiB of dropped read buffers lie before it collects them (its fixed limit for memory
 * outside of the heap), in every Node proxy, whatever the size of the body. So a smaller transfer goes first: the peak
 * of the large one must be less than 64 MiB above the peak of the small one, and less than twice that above idle.
 */

const { values: options } = parseArgs({
  options: { subject: { type: 'string', default: 'facade' }, mib: { type: 'string', default: '1024' } },
});

const MOST_GROWTH = 64;
const MOST_OVER_IDLE = 128;
const FIRST_MIB = 128;
/** A transfer takes 8 s a GiB at the receiver's pace; far beyond that something hangs. */
const patience = (mib: number) => AbortSignal.timeout(20_000 + mib * 60);

function optionsFor(port: number, mib: number): RequestOptions {
  const headers = { authorization: `Bearer ${CALLER_TOKEN}`, 'content-type': 'application/json' };
  return { host: '127.0.0.1', port, headers, agent: false, signal: patience(mib) };
}

async function answerOf(outgoing: ReturnType<typeof request>, status: number): Promise<IncomingMessage> {
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (answer.statusCode !== status) throw new Error(`answered ${answer.statusCode}, not ${status}`);
  return answer;
}

/** Posts and resolves with how many bytes the upstream counted. */
async function upload(port: number, mib: number): Promise<number> {
  const outgoing = request({ ...optionsFor(port, mib), method: 'POST', path: '/integration/leads' });
  outgoing.setHeader('content-length', mib * MIB);
  const [answer] = await Promise.all([answerOf(outgoing, 201), pipeline(filler(mib * MIB), outgoing)]);
  const text = (await answer.setEncoding('utf8').toArray()).join('');
  return (JSON.parse(text) as { received: number }).received;
}

/** Reads a large lead and resolves with how many bytes arrived. */
async function download(port: number, mib: number): Promise<number> {
  const outgoing = request({ ...optionsFor(port, mib), path: leadPath(bulkId(mib)) });
  outgoing.end();
  return drainPaced((await answerOf(outgoing, 200)) as AsyncIterable<Uint8Array>);
}

type Transfer = typeof upload;

/** True when everything arrived and the process stayed small. `idle`: its resident memory before the first transfer, bytes. */
async function judge(transfer: Transfer, subject: { port: number; pid: number; idle: number }): Promise<boolean> {
  const { port, pid, idle } = subject;
  const mib = Number(options.mib);
  const first = await watched(pid, () => transfer(port, FIRST_MIB));
  const { result, peak } = await watched(pid, () => transfer(port, mib));
  const [growth, overIdle] = [(peak - first.peak) / MIB, (peak - idle) / MIB];
  const good = result === mib * MIB && growth < MOST_GROWTH && overIdle < MOST_OVER_IDLE;
  console.log(
    `${transfer.name}: ${result / MIB} of ${mib} MiB arrived; grew by ${growth.toFixed(1)} MiB over ${FIRST_MIB} MiB (less than ${MOST_GROWTH}),` +
      ` ${overIdle.toFixed(1)} MiB over idle (less than ${MOST_OVER_IDLE}): ${good ? 'met' : 'MISSED'}`,
  );
  return good;
}

async function main(): Promise<number> {
  const upstream = await startUpstream('bulk-upstream.ts');
  const subject = await startOne(options.subject, upstream.url, { total: '10m', gateway: 0 });
  if (!subject) return 2;
  const { port, pids, stop } = subject;
  const pid = pids[0] ?? -1;
  const load = new LoadGenerator();
  // A process that has served nothing would grow by what any first requests take.
  await load.run({ port, pids, connections: CONNECTIONS, warmMs: 0, measureMs: 10_000, mostRequests: 20_000 });
  const watch = { port, pid, idle: rss(pid) };
  const uploaded = await judge(upload, watch);
  const downloaded = await judge(download, watch);
  await Promise.all([load.stop(), stop(), upstream.stop()]);
  return uploaded && downloaded ? 0 : 1;
}

process.exit(await main());
