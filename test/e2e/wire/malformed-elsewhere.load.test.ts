import { afterEach, expect, test } from 'vitest';
import { startGateway } from '../../../src/c2s/gateway/index.ts';
import { FACADE_TOKEN, setRoute, startFacade } from '../kit/facade.ts';
import { Opened } from '../kit/load.ts';
import { startProcess } from '../kit/process.ts';
import { until } from '../kit/upstream.ts';
import { AUTH, get, openCaller, put, startWireUpstream, WAYS } from '../kit/wire.ts';
import { MALFORMED_STATUS_LINES, UNREADABLE_CODINGS } from './malformed-answers.ts';

/** The rows of malformed.test.ts, met by whoever else gets answers: shadows, the gateway of this project, workers. */

const ROWS = [...MALFORMED_STATUS_LINES, ...UNREADABLE_CODINGS];
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const keep = <T extends { close(): unknown }>(one: T): T => {
  closers.push(() => one.close());
  return one;
};

test('a shadow that is answered so is a difference, and no caller hears of it', async () => {
  const direct = keep(await startWireUpstream());
  const gateway = keep(await startWireUpstream());
  const facade = await startFacade({
    direct: direct.url,
    gateway: gateway.url,
    edit: (config) => {
      setRoute(config, 'leads.get', ['rollout'], { gateway: 0, shadow: 100, stickyBy: 'leadId', fallback: 'direct' });
      config.setIn(['compare', 'noiseShare'], 0.01);
      config.setIn(['compare', 'minNoise'], 0);
    },
  });
  closers.push(() => facade.stop());
  const failures = () => facade.metric('facade_shadow_total{route="leads.get",result="mismatch"}');
  const caller = openCaller(facade.url);
  closers.push(() => caller.destroy());
  let shadows = 0;
  for (const { bytes } of ROWS) {
    gateway.answers(Buffer.from(bytes, 'latin1'));
    const read = `GET /integration/leads/${shadows} HTTP/1.1\r\nhost: f\r\n${AUTH}\r\n`;
    expect((await caller.ask(read)).status).toBe(200);
    shadows++;
    await until(async () => (await failures()) === shadows, `failure ${shadows}`);
  }
  await until(() => gateway.open() === 0, 'all connections closed');
}, 60_000);

test('the gateway of this project answers 502, and lives', async () => {
  const c2s = keep(await startWireUpstream());
  const gateway = keep(await startGateway({ port: 0, c2sBaseUrl: c2s.url, c2sToken: 'token' }));
  for (const { name, bytes } of ROWS) {
    c2s.answers(Buffer.from(bytes, 'latin1'));
    for (const request of [
      'GET /leads/42 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n',
      'POST /leads/42/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"message":"x"}',
    ]) {
      const caller = openCaller(gateway.url);
      closers.push(() => caller.destroy());
      expect([name, (await caller.ask(request)).status]).toEqual([name, 502]);
    }
  }
  await until(() => c2s.open() === 0, 'all connections closed');
  // A head of more than node's 16 KiB is an answer like any other.
  c2s.answers(
    `HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(60_000)}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
  );
  const caller = openCaller(gateway.url);
  closers.push(() => caller.destroy());
  expect((await caller.ask('GET /leads/42 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')).status).toBe(200);
});

test('workers live through all of them', async () => {
  const opened = new Opened();
  closers.push(opened.closeAll);
  const upstream = keep(await startWireUpstream());
  const env = { C2S_BASE_URL: upstream.url, C2S_GATEWAY_URL: upstream.url, LOG_LEVEL: 'info', WORKERS: '2' };
  const facade = opened.keep(
    startProcess({
      env,
      edit: (config) => {
        config.setIn(['server', 'forceHeader'], true);
        config.setIn(['defaults', 'breaker', 'volumeThreshold'], 10_000);
        const { routes } = config.toJS() as { routes: unknown[] };
        routes.forEach((_, i) => config.setIn(['routes', i, 'rollout', 'fallback'], 'none'));
      },
    }),
  );
  const { url } = await facade.ready();
  expect(AUTH).toContain(FACADE_TOKEN);
  const pid = facade.child.pid;
  for (const { name, bytes } of ROWS) {
    upstream.answers(Buffer.from(bytes, 'latin1'));
    for (const way of WAYS) {
      // A connection each, so that both workers are met.
      const caller = openCaller(url);
      closers.push(() => caller.destroy());
      const answer = await caller.ask(put(way, 'content-length: 12\r\n', '{"name":"x"}'));
      expect([name, answer.status, answer.header('x-facade-outcome')]).toEqual([name, 502, 'unknown']);
    }
  }
  upstream.reset();
  for (const way of WAYS) {
    const caller = openCaller(url);
    closers.push(() => caller.destroy());
    expect((await caller.ask(get(way))).status).toBe(200);
  }
  expect([facade.child.pid, facade.child.exitCode]).toEqual([pid, null]);
}, 60_000);
