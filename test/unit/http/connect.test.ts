import dns from 'node:dns';
import net, { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { connectorFor, type Connect } from '../../../src/http/connect.ts';
import { startUnaccepting } from '../../e2e/faults/unaccepting.ts';
import { refusedUrl } from '../../e2e/kit/upstream.ts';

/** A name with two addresses, on real loopback sockets: which of them gets how much of the connect deadline. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

function resolveTo(addresses: readonly string[]): void {
  vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, options: dns.LookupAllOptions, callback: unknown) => {
    const found = addresses.map((address) => ({ address, family: 4 }));
    (callback as (error: null, found: unknown) => void)(null, options.all ? found : found[0]?.address);
  }) as never);
}

interface Came {
  /** The address that took the connection. */
  readonly address: string | undefined;
  readonly error: string | undefined;
  readonly ms: number;
}

function open(connect: Connect, port: number): Promise<Came> {
  const begun = performance.now();
  return new Promise((resolve) => {
    connect({ hostname: 'two.test', protocol: 'http:', port: String(port) }, (error, socket) => {
      const ms = performance.now() - begun;
      const address = socket?.remoteAddress;
      socket?.on('error', () => undefined).destroy();
      resolve({ address, error: (error as NodeJS.ErrnoException)?.code, ms });
    });
  });
}

async function accepting(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  closers.push(() => server.close());
  return server;
}

async function unaccepting(releaseAfterMs?: number): Promise<number> {
  const listener = await startUnaccepting(true, releaseAfterMs);
  closers.push(() => listener.close());
  return Number(new URL(listener.url).port);
}

const refusedPort = async (): Promise<number> => Number(new URL(await refusedUrl()).port);

describe('of two addresses', () => {
  test('the first takes a second, the second is dead: the first serves', async () => {
    const port = await unaccepting(300);
    resolveTo(['127.0.0.1', '127.0.0.2']);
    const came = await open(connectorFor(5_000), port);
    expect([came.address, came.error]).toEqual(['127.0.0.1', undefined]);
    // The kernel's second try: node would have gone on after 250 ms, and failed.
    expect(came.ms).toBeGreaterThan(500);
  });

  test('the first never answers, the second is well: half the deadline once, and nothing from then on', async () => {
    const port = await unaccepting();
    await accepting('127.0.0.2', port);
    resolveTo(['127.0.0.1', '127.0.0.2']);
    let now = 0;
    const connect = connectorFor(600, () => now);
    const first = await open(connect, port);
    expect([first.address, first.ms > 290]).toEqual(['127.0.0.2', true]);
    const second = await open(connect, port);
    expect([second.address, second.ms < 250]).toEqual(['127.0.0.2', true]);
    // It is given another chance, after a minute.
    now = 60_000;
    expect((await open(connect, port)).ms).toBeGreaterThan(290);
  });

  test('the first refuses, the second is well: at once', async () => {
    const server = await accepting('127.0.0.2', 0);
    resolveTo(['127.0.0.1', '127.0.0.2']);
    const came = await open(connectorFor(5_000), (server.address() as { port: number }).port);
    expect([came.address, came.ms < 2_000]).toEqual(['127.0.0.2', true]);
  });

  test('none answers: the deadline ends it', async () => {
    const port = await unaccepting();
    // The listener of the second address is full as well: a name may list an address twice.
    resolveTo(['127.0.0.1', '127.0.0.1']);
    const came = await open(connectorFor(400), port);
    expect([came.address, came.error]).toEqual([undefined, 'UND_ERR_CONNECT_TIMEOUT']);
  });
});

test('of four addresses each gets a quarter, once their number is known', async () => {
  const port = await refusedPort();
  const opened = vi.spyOn(net, 'connect');
  resolveTo(['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']);
  const connect = connectorFor(800);
  for (let i = 0; i < 2; i++) expect((await open(connect, port)).error).toBe('ECONNREFUSED');
  const shares = opened.mock.calls.map(
    ([options]) => (options as unknown as net.TcpNetConnectOpts).autoSelectFamilyAttemptTimeout,
  );
  expect(shares).toEqual([400, 200]);
});

test('a single address has the whole deadline', async () => {
  const port = await unaccepting(300);
  resolveTo(['127.0.0.1']);
  const came = await open(connectorFor(5_000), port);
  expect([came.address, came.ms > 500]).toEqual(['127.0.0.1', true]);
});
