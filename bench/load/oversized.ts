import { connect } from 'node:net';
import { CALLER_TOKEN, LEAD_IDS, leadPath } from '../kit/exchange.ts';
import { atMost, quickCaller, stage, unharmed, type Scenario, type Verdict } from './scenario.ts';

/** Too much of everything, a hundred times at once: each is refused by name, and none is held in memory. */

const TIMES = 100;
const BIG = 'a'.repeat(256 * 1024);
const auth = `host: a\r\nauthorization: Bearer ${CALLER_TOKEN}\r\n`;
const lead = LEAD_IDS[0] as string;
/** In the gateway's dialect, so that direct needs it in other words: it has to be held to be translated. */
const post = `POST /leads/${lead}/messages HTTP/1.1\r\n${auth}content-type: application/json\r\n`;
const chunk = `${BIG.length.toString(16)}\r\n${BIG}\r\n`;

interface Excess {
  readonly what: string;
  readonly status: string;
  /** Written first, and then again and again until the other side has enough. */
  readonly head: string;
  readonly more: string;
}

const EXCESSES: readonly Excess[] = [
  { what: 'a header of 256 KiB', status: '431', head: `GET ${leadPath(lead)} HTTP/1.1\r\n${auth}x: ${BIG}`, more: BIG },
  { what: 'a URL of 256 KiB', status: '431', head: `GET /${BIG}`, more: BIG },
  {
    what: 'a thousand headers',
    status: '431',
    head: `GET / HTTP/1.1\r\n${'x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(1_000)}`,
    more: '',
  },
  {
    what: 'a body announced as 10 GiB',
    status: '413',
    head: `${post}content-length: ${10 * 1024 ** 3}\r\n\r\n`,
    more: '',
  },
  {
    what: 'a body in chunks without end',
    status: '413',
    head: `${post}transfer-encoding: chunked\r\n\r\n`,
    more: chunk,
  },
];

export const oversized: Scenario = {
  name: 'oversized',
  async run() {
    const { facade, memory, waited, stop } = await stage({}, (req, res) => {
      req.resume().on('end', () => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    try {
      const before = memory();
      const beside = quickCaller(facade.port);
      const verdicts: Verdict[] = [];
      let peak = before;
      const timer = setInterval(() => (peak = Math.max(peak, memory())), 50);
      for (const excess of EXCESSES) {
        const answers = await Promise.all(Array.from({ length: TIMES }, () => send(facade.port, excess)));
        const others = answers.filter((status) => status !== excess.status);
        const measured = others.length === 0 ? 'all' : `${others.length} otherwise: ${[...new Set(others)].join(', ')}`;
        verdicts.push({ promise: `${excess.what} is answered ${excess.status}`, measured, kept: others.length === 0 });
      }
      clearInterval(timer);
      return [...verdicts, atMost('memory of all together', peak - before, 200, 'MiB'), ...unharmed(beside, waited())];
    } finally {
      await stop();
    }
  },
};

/** @returns the status, or why there is none. Gives up after five seconds. */
function send(port: number, { head, more }: Excess): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let left = 64;
  const write = (): void => {
    // A receiver that has enough does not read: then nothing more is written either.
    while (more !== '' && left-- > 0 && socket.write(more));
  };
  socket.on('drain', write);
  socket.write(head);
  write();
  return new Promise((resolve) => {
    const end = (why: string): void => {
      clearTimeout(timer);
      resolve(text === '' ? why : text.slice(9, 12));
      socket.destroy();
    };
    const timer = setTimeout(() => end('silence'), 5_000);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.includes('\r\n\r\n')) end('');
    });
    socket.on('error', (error: Error & { code?: string }) => end(error.code ?? error.name));
    socket.on('close', () => end('closed'));
  });
}
