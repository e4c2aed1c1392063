import { expect, it } from 'vitest';
import { openRaw } from '../../../e2e/kit/raw.ts';
import { start } from './started.ts';

/** Both listeners are those of http/listener.ts, whose tests tell the rest; what they refuse says which service refused. */

const answersTo = async (url: string, bytes: string): Promise<string> => {
  const caller = openRaw(url);
  caller.send(bytes);
  return caller.closed();
};

it.each([
  ['what is no HTTP', 'nonsense\r\n\r\n', 400, 'malformed-request'],
  ['two Host headers', 'GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n', 400, 'host'],
  ['a head that is too long', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'header-too-large'],
  ['an unknown expectation', 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: x\r\n\r\n', 417, 'expectation'],
])('answers %s under its own name', async (_, bytes, status, kind) => {
  const { gateway } = await start({ admin: { port: 0 } });
  for (const url of [gateway.url, gateway.adminUrl as string]) {
    const text = await answersTo(url, bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain(`"type":"urn:c2s-gateway:${kind}"`);
  }
});

it.each(['TRACE', 'CONNECT'])('reflects nothing to a %s', async (method) => {
  const { gateway, c2s } = await start();
  const target = method === 'CONNECT' ? new URL(c2s.url).host : '/leads/42';
  const head = `${method} ${target} HTTP/1.1\r\nhost: localhost\r\nx-secret: reflected\r\nconnection: close\r\n\r\n`;
  const text = await answersTo(gateway.url, head);
  expect(text).toMatch(/^HTTP\/1\.1 405 /);
  expect(text).not.toMatch(/reflected|secret/);
});

it('sends the second of two pipelined requests when the first is answered', async () => {
  const { gateway, c2s } = await start();
  c2s.silent = true;
  const read = (id: number, connection: string) =>
    `GET /leads/${id} HTTP/1.1\r\nhost: localhost\r\nconnection: ${connection}\r\n\r\n`;
  const text = answersTo(gateway.url, read(1, 'keep-alive') + read(2, 'close'));
  await c2s.until(1);
  await fetch(`${gateway.url}/health`);
  expect(c2s.received).toHaveLength(1);
  c2s.release();
  await c2s.until(2);
  c2s.release();
  expect((await text).match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
});

it('stops with a connection open on which nothing was ever said', async () => {
  const { gateway } = await start();
  const caller = openRaw(gateway.url);
  await fetch(`${gateway.url}/health`);
  expect(await gateway.close()).toBe(true);
  expect(await caller.closed()).toBe('');
});

it('says of a stop that it cut a request off', async () => {
  const { gateway, c2s } = await start({ drainTimeoutMs: 50 });
  c2s.silent = true;
  const cut = fetch(`${gateway.url}/leads/42`).catch((error: unknown) => error);
  await c2s.until(1);
  expect(await gateway.close()).toBe(false);
  expect(await cut).toBeInstanceOf(Error);
  c2s.release();
});
