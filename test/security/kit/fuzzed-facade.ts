import type { ServerResponse } from 'node:http';
import { FACADE_TOKEN, readMetric, setAll } from '../../e2e/kit/facade.ts';
import { startProcess } from '../../e2e/kit/process.ts';
import { startUpstream, until, type Received } from '../../e2e/kit/upstream.ts';
import { fuzz, type FuzzOptions, type FuzzReport } from './fuzzer.ts';

/** The facade as a process of its own under the fuzzer, and whether it is afterwards what it was before. */

export interface FuzzedFacade extends FuzzReport {
  /** What is wrong with it now; empty when nothing is. */
  readonly faults: readonly string[];
  /** Bytes in use on the heap and outside it, before and after. What the allocator keeps of the widest moment is not counted. */
  readonly memory: readonly [before: number, after: number];
}

const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
/** Bytes that the heap, its buffers and the parsers of the widest moment may stay above the start. */
const MEMORY_ROOM = 200 * 1_048_576;

/** After these the facade holds what it holds in use, and its memory is measured. */
const WARM_UP_CONNECTIONS = 300;

/** What no upstream should answer. */
const BROKEN = [
  'HTTP/1.1 000 Nothing\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 099 Nothing\r\n\r\n',
  'HTTP/1.1 199 Interim\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello',
  'HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 200 a\x01b\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 999 Beyond\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmore',
  'HTTP/1.1 204 No Content\r\ncontent-length: 11\r\n\r\nhello world',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'HTTP/1.1 200 OK\r\n\r\nuntil it closes',
  'HTTP/1.1 403 Forbidden\r\ncontent-length: 400\r\n\r\nhalf',
  `HTTP/1.1 200 OK\r\nx-long: ${'y'.repeat(70_000)}\r\n\r\n`,
  'no HTTP at all\r\n\r\n',
];
let answered = 0;

/** Answers like an upstream that is well, where it is not asked for what is broken; what it cannot read, not at all. */
function answer({ url }: Received, res: ServerResponse): void {
  if (url.includes('%zz')) return void res.destroy();
  if (url.includes('broken')) {
    const bytes = BROKEN[answered++ % BROKEN.length] as string;
    res.socket?.write(bytes, 'latin1');
    if (answered % 3 === 0) res.socket?.end();
    return;
  }
  res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
}

export async function fuzzFacade(seed: number, isEnough: FuzzOptions['isEnough']): Promise<FuzzedFacade> {
  const direct = await startUpstream(answer);
  const gateway = await startUpstream(answer);
  const facade = startProcess({
    env: { C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: gateway.url, LOG_LEVEL: 'info' },
    edit: (config) => {
      setAll(config, 50);
      config.setIn(['server', 'forceHeader'], true);
      config.setIn(['log', 'successSample'], 0);
      config.setIn(['defaults', 'deadlines'], { connect: '500ms', firstByte: '500ms', idle: '500ms', total: '1s' });
    },
  });
  try {
    const { url, adminUrl } = await facade.ready();
    const metrics = async (): Promise<string> => (await fetch(`${adminUrl}/metrics`)).text();
    await fuzz({ url, seed, isEnough: ({ connections }) => connections >= WARM_UP_CONNECTIONS, width: 16 });
    const before = await metrics();
    const report = await fuzz({ url, seed: seed + 1, isEnough, width: 32 });
    const faults: string[] = [];
    const isWell = async (): Promise<boolean> => {
      const paths = ['/integration/leads/42', '/api/v9/x', '/health'];
      const answers = await Promise.all(paths.map((path) => fetch(`${url}${path}`, { headers })));
      return answers.every(({ status }) => status === 200);
    };
    if (facade.child.exitCode !== null) faults.push(`it ended with ${facade.child.exitCode}: ${facade.stderr()}`);
    else {
      await until(isWell, 'a normal request is served', 5_000).catch((error: unknown) => faults.push(String(error)));
      const atRest = async (): Promise<boolean> => {
        const text = await metrics();
        return readMetric(text, /^facade_inflight\{/) === 0 && openSockets(text) <= openSockets(before) + 10;
      };
      await until(atRest, 'requests and sockets are gone', 10_000).catch(async (error: unknown) => {
        faults.push(String(error), leftOver(await metrics()));
      });
    }
    const memory = [before, await metrics()].map((text) =>
      readMetric(text, /^nodejs_(heap_size_used|external_memory)_bytes /),
    );
    const [first = 0, last = 0] = memory;
    if (last > first + MEMORY_ROOM) faults.push(`memory grew from ${first} to ${last} bytes`);
    if (facade.stderr() !== '') faults.push(facade.stderr());
    return { ...report, faults, memory: [first, last] };
  } finally {
    await facade.close();
    await Promise.all([direct.close(), gateway.close()]);
  }
}

const openSockets = (metrics: string): number => readMetric(metrics, /^nodejs_active_resources\{type="TCPSocketWrap"/);

/** What is still held, as the metrics have it. */
const leftOver = (metrics: string): string =>
  metrics
    .split('\n')
    .filter((line) => /^(facade_inflight|nodejs_active_resources\{|nodejs_heap_size_used|nodejs_external)/.test(line))
    .join('\n');
