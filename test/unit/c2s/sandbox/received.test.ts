import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ReceivedLog } from '../../../../src/c2s/sandbox/received.ts';

/** Passes a request that never saw a wire through the recorder. */
async function receive(log: ReceivedLog, url: string, body: string): Promise<IncomingMessage> {
  const req = new IncomingMessage(new Socket());
  Object.assign(req, { method: 'POST', url, complete: true });
  req.push(body);
  req.push(null);
  await log.middleware()(req, new ServerResponse(req), () => undefined);
  return req;
}

test('the log holds the last 10,000 requests', async () => {
  const log = new ReceivedLog(() => 0);
  for (let n = 0; n < 10_005; n += 1) await receive(log, `/${n}`, '');
  expect([log.entries.length, log.entries[0]?.path, log.entries.at(-1)?.path]).toEqual([10_000, '/5', '/10004']);
});

test('large bodies push the oldest out earlier, never the one just received', async () => {
  const log = new ReceivedLog(() => 0);
  const large = 'x'.repeat(30 * 1024 * 1024);
  for (const path of ['/1', '/2', '/3']) await receive(log, path, large);
  expect(log.entries.map(({ path }) => path)).toEqual(['/2', '/3']);
  await receive(log, '/4', large.repeat(3));
  expect(log.entries.map(({ path }) => path)).toEqual(['/4']);
});

test('a request finds its own entry', async () => {
  const log = new ReceivedLog(() => 0);
  const first = await receive(log, '/1?a', '{"n":1}');
  await receive(log, '/2', '');
  expect(log.of(first)).toMatchObject({ path: '/1', query: 'a', body: { n: 1 } });
  expect(() => log.of(new IncomingMessage(new Socket()))).toThrow('recorder');
});
