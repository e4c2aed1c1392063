import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { collectBody, RequestBody, type Collected } from '../../../src/http/request-body.ts';

const source = () => new PassThrough({ highWaterMark: 16 * 1024 });
const asRequest = (stream: PassThrough) => stream as unknown as IncomingMessage;

/** Lets everything that streams do in this turn happen. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a streamed body', () => {
  test('carries every byte, in order', async () => {
    const from = source();
    const sent = Buffer.alloc(300_000, 'abcdefg');
    for (let i = 0; i < sent.length; i += 10_000) from.write(sent.subarray(i, i + 10_000));
    from.end();
    const chunks: Buffer[] = [];
    for await (const chunk of new RequestBody(asRequest(from))) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  test('reads nothing before it is asked: what failed before that can be sent elsewhere, whole', async () => {
    const from = source();
    from.end('the whole body');
    const unused = new RequestBody(asRequest(from));
    unused.destroy();
    await turn();
    expect(unused.begun).toBe(false);
    const chunks: Buffer[] = [];
    for await (const chunk of new RequestBody(asRequest(from))) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('the whole body');
  });

  test('that was begun says so', async () => {
    const from = source();
    const body = new RequestBody(asRequest(from));
    body.resume();
    from.write('x');
    await turn();
    expect(body.begun).toBe(true);
    body.destroy();
  });

  test('destroyed, does not destroy the request of the caller, who still waits for an answer', async () => {
    const from = source();
    const body = new RequestBody(asRequest(from));
    body.on('error', () => undefined);
    body.resume();
    from.write('x');
    await turn();
    body.destroy(new Error('the upstream is gone'));
    await turn();
    expect([body.destroyed, from.destroyed]).toEqual([true, false]);
    expect([from.listenerCount('data'), from.write('more')]).toEqual([0, true]);
  });

  test('holds the caller back when the upstream does not take more', async () => {
    const from = source();
    const body = new RequestBody(asRequest(from));
    body.read(0);
    let written = 0;
    while (written < 4_000_000) {
      written += 8_192;
      if (!from.write(Buffer.alloc(8_192))) {
        await turn();
        if (from.writableNeedDrain) break;
      }
    }
    expect(from.isPaused()).toBe(true);
    expect(written).toBeLessThan(400_000);
    body.destroy();
  });
});

describe('a body that is read whole', () => {
  function collect(limit: number) {
    const from = source();
    const heard: Collected[] = [];
    collectBody(asRequest(from), limit, (collected) => heard.push(collected));
    return { from, heard };
  }

  test('may be as long as the limit', async () => {
    const { from, heard } = collect(10);
    from.write('12345');
    from.end('67890');
    await turn();
    expect(heard).toEqual([{ kind: 'whole', body: Buffer.from('1234567890') }]);
  });

  test('and not one byte longer; it is told once, and nothing is kept any more', async () => {
    const { from, heard } = collect(10);
    from.write('12345678901');
    from.write('more');
    from.end();
    await turn();
    expect(heard).toEqual([{ kind: 'too-large', begin: [Buffer.from('12345678901')] }]);
    expect(from.listenerCount('data')).toBe(0);
  });

  test('may be empty', async () => {
    const { from, heard } = collect(10);
    from.end();
    await turn();
    expect(heard).toEqual([{ kind: 'whole', body: Buffer.alloc(0) }]);
  });

  test('of a caller who left is told to nobody', async () => {
    const { from, heard } = collect(10);
    from.write('123');
    await turn();
    from.destroy();
    await turn();
    expect(heard).toEqual([]);
  });
});
