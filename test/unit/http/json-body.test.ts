import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { jsonBody, type JsonBodyOptions } from '../../../src/http/json-body.ts';
import { pageErrors } from '../../../src/http/page-errors.ts';
import { openRaw } from '../../e2e/kit/raw.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function start(options: Partial<JsonBodyOptions> = {}): Promise<string> {
  const app = express();
  const read = jsonBody({ maxBytes: 1_024, deadlineMs: 10_000, contentType: 'any', ...options });
  app.post('/', read, (req, res) => void res.json({ read: (req.body as unknown) ?? 'nothing' }));
  app.use(pageErrors({ log: pino({ enabled: false }) }));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
async function post(url: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  const res = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
  return { status: res.status, body: (await res.json()) as Record<string, unknown> };
}

describe('a body', () => {
  test.each<[string, string | Uint8Array<ArrayBuffer>, unknown]>([
    ['an object', '{"a":1}', { a: 1 }],
    ['null', 'null', 'nothing'],
    ['a number', '5', 5],
    ['nothing', '', 'nothing'],
    ['behind a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['with half of a surrogate pair, escaped', '{"a":"x\\ud800y","b":"\\uD83D\\uDE00"}', { a: 'x\ufffdy', b: '😀' }],
    ['with an escaped NUL, which no database keeps', '{"a":"x\\u0000y","b":"\\\\u0000"}', { a: 'xy', b: '\\u0000' }],
    ['with a byte that is no UTF-8, which costs us one letter', Uint8Array.from([0x22, 0x41, 0xff, 0x22]), 'A\ufffd'],
  ])('that is %s is read', async (_, body, read) => {
    expect(await post(await start(), body)).toEqual({ status: 200, body: { read } });
  });

  test.each([
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json;charset="utf-8"',
    'application/vnd.api+json',
    'application/json; charset=us-ascii',
  ])('of the type %s is JSON', async (type) => {
    expect((await post(await start({ contentType: 'json' }), '{}', type)).status).toBe(200);
  });

  test.each(['text/json', 'application/jsonp', 'application/x-www-form-urlencoded', 'x'])(
    'of the type %s is none, and is read only where any is',
    async (type) => {
      const url = await start({ contentType: 'json' });
      expect(await post(url, '{}', type)).toMatchObject({ status: 415, body: { type: 'urn:c2s-facade:content-type' } });
      server.close();
      expect((await post(await start(), '{}', type)).status).toBe(200);
    },
  );
});

test('what arrives in time, in any number of pieces, is read', async () => {
  const caller = openRaw(await start());
  caller.send('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
  for (const piece of '{"name":"é"}')
    caller.send(Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`));
  caller.send('0\r\n\r\n');
  expect(Buffer.from(await caller.until(/\}\}/), 'latin1').toString()).toContain('{"read":{"name":"é"}}');
  caller.destroy();
});

test('what does not is refused with the time in the sentence, and the connection ends', async () => {
  const caller = openRaw(await start({ deadlineMs: 100 }));
  caller.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
  const answer = await caller.closed();
  expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*connection: close/i);
  expect(answer).toContain('within 0.1 s');
});

test('a caller that leaves leaves no timer behind, and nobody is called', async () => {
  let calls = 0;
  const read = jsonBody({ maxBytes: 1_024, deadlineMs: 100, contentType: 'any' });
  const left = Promise.withResolvers<void>();
  server = createServer((req, res) => {
    read(req as never, res as never, () => void calls++);
    res.once('close', () => left.resolve());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const caller = openRaw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const asked = new Promise((resolve) => server.once('request', resolve));
  caller.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
  await asked;
  caller.destroy();
  await left.promise;
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(calls).toBe(0);
});

test('a connection whose body was read, refused or not, serves the next request', async () => {
  const caller = openRaw(await start());
  for (const [body, status] of [
    ['{', 400],
    ['{}', 200],
  ] as const) {
    caller.send(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await caller.until(new RegExp(`HTTP/1\\.1 ${status} [^]*\\}$`));
  }
  caller.destroy();
});
