import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startFacade, type TestFacade } from '../e2e/kit/facade.ts';
import { get, openCaller, put, WAYS } from '../e2e/kit/wire.ts';
import { startRawUpstream, until } from '../e2e/kit/upstream.ts';

/** The address of an upstream leads back to the facade: found out at the first return, and said. */

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A plain TCP relay, so that a facade can have an upstream whose address is known before its own. */
async function startRelay() {
  let port = 0;
  let connections = 0;
  const relay = await startRawUpstream((socket) => {
    connections++;
    const onward = connect(port, '127.0.0.1');
    socket.on('error', () => onward.destroy()).on('close', () => onward.destroy());
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  stops.push(() => relay.close());
  return {
    url: relay.url,
    to: (url: string) => void (port = Number(new URL(url).port)),
    connections: () => connections,
  };
}

async function startLoop(): Promise<{ facade: TestFacade; hops: () => number }> {
  const relay = await startRelay();
  const facade = await startFacade({
    direct: relay.url,
    gateway: relay.url,
    edit: (config) => {
      config.setIn(['server', 'forceHeader'], true);
      const { routes } = config.toJS() as { routes: unknown[] };
      routes.forEach((_, i) => config.setIn(['routes', i, 'rollout', 'fallback'], 'none'));
    },
  });
  stops.push(() => facade.stop());
  relay.to(facade.url);
  return { facade, hops: relay.connections };
}

describe.each(WAYS)('on the way $way', (way) => {
  test.each([
    ['a read', get(way)],
    ['a write', put(way, 'content-length: 2\r\n', '{}')],
    ['in HTTP/1.0', get(way).replace('HTTP/1.1', 'HTTP/1.0')],
  ])('%s comes back once, and the problem says which settings to change', async (_, bytes) => {
    const { facade, hops } = await startLoop();
    const caller = openCaller(facade.url);
    const answer = await caller.ask(bytes);
    caller.destroy();
    expect([answer.status, hops()]).toEqual([508, 1]);
    expect(answer.body).toMatch(/leads back to this facade.*upstreams\.direct\.url.*upstreams\.gateway\.url/);
    expect(answer.body).not.toMatch(/127\.0\.0\.1|localhost/);
    expect(facade.logs.filter((line) => line.includes('leads back to this facade'))).toHaveLength(1);
  });
});

const WEB_SOCKET = 'GET /cable HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';

test('a tunnel that comes back is refused at the first return', async () => {
  const { facade, hops } = await startLoop();
  const caller = openCaller(facade.url);
  expect([(await caller.ask(WEB_SOCKET)).status, hops()]).toEqual([508, 1]);
  caller.destroy();
});

test('two facades that lead to each other find it out, too', async () => {
  const [one, other] = [await startRelay(), await startRelay()];
  const facades = [await startFacade({ direct: other.url }), await startFacade({ direct: one.url })] as const;
  for (const facade of facades) stops.push(() => facade.stop());
  one.to(facades[0].url);
  other.to(facades[1].url);
  const caller = openCaller(facades[0].url);
  const answer = await caller.ask('GET /api/v9/x HTTP/1.1\r\nhost: x\r\n\r\n');
  expect([answer.status, one.connections(), other.connections()]).toEqual([508, 1, 1]);
  caller.destroy();
});

test('two facades in a row are none', async () => {
  const relay = await startRawUpstream((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'));
  });
  stops.push(() => relay.close());
  const inner = await startFacade({ direct: relay.url });
  stops.push(() => inner.stop());
  const outer = await startFacade({ direct: inner.url });
  stops.push(() => outer.stop());
  const caller = openCaller(outer.url);
  const answer = await caller.ask('GET /api/v9/x HTTP/1.1\r\nhost: x\r\n\r\n');
  expect([answer.status, answer.body]).toEqual([200, 'ok']);
  caller.destroy();
  await until(() => caller.isClosed(), 'the caller has left');
});
