import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEAD_IDS, requestBytes } from '../kit/exchange.ts';
import { atMost, quickCaller, stage, unharmed, type Scenario } from './scenario.ts';

/**
 * Ten thousand callers at once, each of whom takes seconds to write the head of a request, and asks twice. They cost
 * memory and nothing else: all are served, and a quick caller beside them notices nothing.
 */

const CALLERS = 10_000;
/** Descriptors that this process and the facade need beside the callers. */
const SPARE = 600;
/** Pieces in which a head is written. */
const PIECES = 4;
/** Callers that open their connection in one millisecond: the backlog of a listener is finite. */
const OPENED_PER_MS = 4;

export const slowCallers: Scenario = {
  name: 'slow callers',
  async run({ isQuick }) {
    const { facade, metric, memory, waited, stop } = await stage({});
    try {
      const callers = Math.min(isQuick ? 2_000 : CALLERS, openFiles() - SPARE);
      const before = memory();
      const beside = quickCaller(facade.port);
      const pause = isQuick ? 500 : 2_000;
      const all = Promise.all(Array.from({ length: callers }, (_, i) => slowCaller(facade.port, i, pause)));
      await sleep(callers / OPENED_PER_MS + pause);
      const [open, peak] = [await metric('facade_connections '), memory()];
      const answered = (await all).filter((answers) => answers === 2).length;
      const text = `all of ${callers} are answered twice${callers < CALLERS && !isQuick ? ' (ulimit -n allows no more)' : ''}`;
      return [
        { promise: text, measured: `${answered}`, kept: answered === callers },
        { promise: 'they are there at once', measured: `${open} open`, kept: open >= callers },
        atMost('memory for each', ((peak - before) * 1024) / callers, 40, 'KiB'),
        ...unharmed(beside, waited()),
      ];
    } finally {
      await stop();
    }
  },
};

/** The soft limit: node raises it to the hard one when it starts. */
function openFiles(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 1024);
}

/** @returns how often it was answered 200. */
async function slowCaller(port: number, i: number, pause: number): Promise<number> {
  await sleep(i / OPENED_PER_MS);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let answers = 0;
  let seen = '';
  socket.on('data', (chunk) => {
    seen += chunk.toString('latin1');
    answers = seen.split('HTTP/1.1 200').length - 1;
  });
  const ended = new Promise<void>((done) => socket.on('close', () => done()).on('error', () => undefined));
  const head = requestBytes(LEAD_IDS[i % LEAD_IDS.length] as string);
  const size = Math.ceil(head.length / PIECES);
  // All stay until the last has come: that is what at once means.
  await sleep(pause);
  for (let asked = 0; asked < 2; asked++) {
    for (let at = 0; at < head.length; at += size) {
      socket.write(head.subarray(at, at + size));
      await sleep(pause * (0.5 + Math.random()));
    }
  }
  const patience = Date.now() + 10_000;
  while (answers < 2 && Date.now() < patience && !socket.destroyed) await sleep(50);
  socket.destroy();
  await ended;
  return answers;
}
