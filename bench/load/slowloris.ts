import { connect } from 'node:net';
import { CALLER_TOKEN, LEAD_IDS, leadPath } from '../kit/exchange.ts';
import { atMost, quickCaller, stage, unharmed, type Scenario, type Verdict } from './scenario.ts';

/** Callers who mean harm: heads that never end, and bodies that come a byte at a time. Each is ended, and costs the others nothing. */

const HEADS = 500;
/** Below the bulkhead: a body that is passed on as it comes has a place to the upstream while it comes. */
const BODIES = 200;
/** Milliseconds: node looks once a second for heads that are late. */
const LONGEST_HEAD = 15_000 + 2_000;
/** Milliseconds, of the table below. */
const TOTAL = 8_000;

export const slowloris: Scenario = {
  name: 'slowloris',
  async run() {
    const { facade, metric, waited, stop } = await stage(
      { deadlines: { total: `${TOTAL}ms`, firstByte: '5s' } },
      (req, res) => {
        req.resume().on('end', () => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
      },
    );
    try {
      const beside = quickCaller(facade.port);
      const heads = Promise.all(
        Array.from({ length: HEADS }, () => dribble(facade.port, 'GET /health HTTP/1.1\r\nx: ')),
      );
      const path = `${leadPath(LEAD_IDS[0] as string)}/create_message`;
      const head = `POST ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${CALLER_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n`;
      const bodies = Promise.all(Array.from({ length: BODIES }, () => dribble(facade.port, head)));
      const verdicts = [
        ...ended(`${BODIES} bodies of a byte a second end with 408`, await bodies, TOTAL + 1_000),
        ...ended(`${HEADS} heads of a byte a second end with 408`, await heads, LONGEST_HEAD),
        ...unharmed(beside, waited()),
      ];
      const inflight = await metric('facade_inflight');
      return [...verdicts, { promise: 'no place is lost', measured: `${inflight} taken`, kept: inflight === 0 }];
    } finally {
      await stop();
    }
  },
};

interface End {
  readonly status: string;
  /** Milliseconds. */
  readonly after: number;
}

/** Writes a byte a second until the other side has enough. */
function dribble(port: number, beginning: string): Promise<End> {
  const began = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  socket.write(beginning);
  const timer = setInterval(() => socket.write('a'), 1_000);
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ status: text.slice(9, 12), after: performance.now() - began });
    });
  });
}

function ended(promise: string, ends: readonly End[], longest: number): Verdict[] {
  const others = ends.filter(({ status }) => status !== '408');
  return [
    { promise, measured: `${others.length} otherwise`, kept: others.length === 0 },
    atMost('the last one', Math.max(...ends.map(({ after }) => after)) / 1_000, longest / 1_000, 's'),
  ];
}
