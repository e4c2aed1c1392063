import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { addLeads, enrich, startEnriching, startScene } from '../e2e/kit/enrichment.ts';
import { setRoute, startFacade } from '../e2e/kit/facade.ts';
import { inBatches, tally } from '../e2e/kit/load.ts';
import { startPostgres } from '../e2e/kit/postgres.ts';
import { openRaw } from '../e2e/kit/raw.ts';
import { startUpstream, until } from '../e2e/kit/upstream.ts';
import {
  ATTACKS,
  budget,
  call,
  discovering,
  fails,
  isStranger,
  KNOWN,
  opened,
  started,
  STRANGER,
  succeeds,
  testAttacks,
  WAYS,
  type Scene,
} from './attacks.ts';

/**
 * Strangers cost known callers nothing. A stranger has none of our tokens; it calls Contact2Sale with credentials of its
 * own. Whatever it does, 0 of 100 requests of a known caller are refused, or slowed by more than a tenth.
 */

afterEach(opened.closeAll);

describe.each(WAYS)('on $way', (way) => {
  // All attacks at once; one by one, and how long a known caller waits, in strangers.load.test.ts.
  testAttacks(way, ATTACKS.slice(-1), 'answers');

  test('20 requests of a stranger into a budget of 10 a minute: it gets 2 of them, and a known caller the other 8', async () => {
    const scene = await started(budget(10), 0);
    const strangers = await inBatches(20, 5, () => call(scene, way.path, STRANGER));
    expect(tally(strangers.map(({ said }) => said))).toEqual({ '200 -': 2, '503 facade_rate_budget': 18 });
    const known = await inBatches(9, 1, () => call(scene, way.path));
    expect(tally(known.map(({ said }) => said))).toEqual({ '200 -': 8, '503 facade_rate_budget': 1 });
  });

  test('strangers that hold all their places of the bulkhead keep strangers out, and no known caller', async () => {
    const scene = await started((config) => config.setIn(['upstreams', 'direct', 'maxInflight'], 10), 0);
    scene.strangersGet = (_, res) => void scene.held.push(res);
    const strangers = inBatches(20, 20, () => call(scene, way.path, STRANGER));
    await until(() => scene.held.length === 2, 'strangers hold their part');
    const known = await inBatches(100, 8, () => call(scene, way.path));
    expect(tally(known.map(({ said }) => said))).toEqual({ '200 -': 100 });
    for (const res of scene.held) res.end('{}');
    expect(tally((await strangers).map(({ said }) => said))).toEqual({ '200 -': 2, '503 facade_bulkhead_full': 18 });
    scene.strangersGet = succeeds;
    const later = await inBatches(20, 2, () => call(scene, way.path, STRANGER));
    expect(tally(later.map(({ said }) => said))).toEqual({ '200 -': 20 });
  });

  test('strangers that hold all their places of the process keep strangers out, and no known caller', async () => {
    const scene = await started((config) => config.setIn(['server', 'overload', 'maxInflight'], 50), 0);
    const { url } = scene.facade;
    const silent = Array.from({ length: 30 }, () => openRaw(url));
    opened.keep({ close: () => silent.forEach((one) => one.destroy()) });
    // Bodies that never come.
    for (const one of silent) {
      one.send(`POST ${way.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n`);
    }
    await until(
      async () => (await scene.facade.metric('facade_shed_total{reason="inflight"}')) >= 20,
      'the rest is shed',
    );
    expect(scene.facade.dataPlane.underWay).toBe(10);
    expect((await call(scene, way.path, STRANGER)).said).toBe('503 facade_overload');
    const known = await inBatches(100, 20, () => call(scene, way.path));
    expect(tally(known.map(({ said }) => said))).toEqual({ '200 -': 100 });
    for (const one of silent) one.destroy();
    await until(() => scene.facade.dataPlane.underWay === 0, 'they left');
    expect((await call(scene, way.path, STRANGER)).said).toBe('200 -');
  });

  test('4,600 requests that strangers pipelined leave a known caller those that it pipelines itself', async () => {
    const scene = await started(undefined, 0);
    scene.strangersGet = (_, res) => void scene.held.push(res);
    const get = ({ authorization }: typeof KNOWN) =>
      `GET ${way.path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`;
    const open = () => {
      const raw = openRaw(scene.facade.url);
      opened.keep({ close: () => raw.destroy() });
      return raw;
    };
    for (let i = 0; i < 10; i++) open().send(get(STRANGER).repeat(461));
    await until(() => scene.held.length === 10, 'each of them has one under way');
    const known = open();
    known.send(get(KNOWN).repeat(20));
    await until(() => known.text().split('HTTP/1.1 200').length === 21, 'all of its requests are answered');
    expect(known.text()).not.toMatch(/^connection: close/im);
  });

  test('what strangers are answered opens no breaker and moves no number that the autopilot decides by', async () => {
    const scene = await started(undefined, 0);
    scene.strangersGet = fails;
    await inBatches(10, 5, () => call(scene, way.path));
    const recorders = () => {
      const { entries, unclaimed } = scene.facade.dataPlane.snapshot;
      return {
        route: entries.find(({ model }) => model.id === 'leads.get')?.state.recorder.totals('direct'),
        unclaimed,
      };
    };
    const before = recorders().route;
    const strangers = await inBatches(200, 5, () => call(scene, way.path, STRANGER));
    expect(tally(strangers.map(({ said }) => said))).toEqual({ '500 upstream_error': 200 });
    expect(recorders().route).toEqual(before);
    expect(await scene.facade.metric(/^facade_breaker_state\{/)).toBe(0);
    // Prometheus is told all of it.
    const failed = /^facade_requests_total\{.*status="500",outcome="upstream_error"\}/;
    expect(await scene.facade.metric(failed)).toBe(200);
    await inBatches(20, 5, () => call(scene, way.path));
    scene.strangersGet = succeeds;
    expect((await call(scene, way.path, STRANGER)).said).toBe('200 -');
  });

  test('requests that strangers have repeated leave known callers their part of the failover budget', async () => {
    const reset = new Set<string>();
    const direct = opened.keep(
      await startUpstream((received, res) => {
        const isFirst = !reset.has(received.url);
        reset.add(received.url);
        if (isStranger(received) || isFirst) res.destroy();
        else res.end('{}');
      }),
    );
    const edit = (config: Document): void => {
      config.setIn(['failover'], config.createNode({ budget: 0, minPerSecond: 1 }));
      for (const id of ['leads.get']) setRoute(config, id, ['breaker'], { enabled: false });
      config.setIn(['passthrough', 'breaker', 'enabled'], false);
    };
    const facade = opened.keep(await startFacade({ direct: direct.url, edit, logLevel: 'error' }));
    const scene = { facade } as unknown as Scene;
    await inBatches(30, 3, () => call(scene, `${way.path}0`, STRANGER));
    // Two of the thirty were sent again.
    expect(direct.received).toHaveLength(32);
    const known = await inBatches(8, 1, (i) => call(scene, `${way.path}${i + 1}`));
    expect(tally(known.map(({ said }) => said))).toEqual({ '200 -': 8 });
  });
});

test('510 paths of a stranger leave four fifths of the list of unclaimed paths to known callers', async () => {
  const scene = await started(undefined, 0);
  await discovering(scene, WAYS[1], () => false);
  await call(scene, '/integration/what-is-missing');
  const listed = scene.facade.dataPlane.discovery.list();
  expect(listed).toHaveLength(102);
  expect(listed.map(({ template }) => template)).toContain('/integration/what-is-missing');
});

describe('on tunnels', () => {
  const offer = (headers: Record<string, string>) =>
    `GET /cable HTTP/1.1\r\nhost: x\r\nauthorization: ${headers['authorization']}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n';

  async function tunnelling(edit?: (config: Document) => void) {
    const server = createServer((req, res) => {
      if (req.headers.authorization === STRANGER.authorization) fails({ url: '' }, res);
      else res.end('{}');
    });
    let strangersGet = '101';
    server.on('upgrade', (req, socket) => {
      socket
        .on('error', () => undefined)
        .on('end', () => socket.end())
        .resume();
      const isStrangers = req.headers.authorization === STRANGER.authorization;
      if (!isStrangers || strangersGet === '101') {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
      } else socket.end(`HTTP/1.1 ${strangersGet}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.keep({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    const { port } = server.address() as AddressInfo;
    const facade = opened.keep(
      await startFacade({ direct: `http://127.0.0.1:${port}`, logLevel: 'error', ...(edit && { edit }) }),
    );
    const open = async (headers: Record<string, string>): Promise<string> => {
      const raw = openRaw(facade.url);
      opened.keep({ close: () => raw.destroy() });
      raw.send(offer(headers));
      const text = await raw.until(/^HTTP\/1\.1 \d{3} /);
      const outcome = /x-facade-outcome: (\S+)/.exec(await raw.until(/\r\n\r\n/))?.[1];
      return `${text.slice(9, 12)} ${outcome ?? '-'}`;
    };
    return { facade, open, strangersGet: (answer: string) => void (strangersGet = answer) };
  }

  test('strangers hold their places of the bulkhead at most, for as long as they like', async () => {
    const { open } = await tunnelling((config) => config.setIn(['upstreams', 'direct', 'maxInflight'], 10));
    const strangers = await inBatches(10, 1, () => open(STRANGER));
    expect(tally(strangers)).toEqual({ '101 -': 2, '503 facade_bulkhead_full': 8 });
    expect(tally(await inBatches(9, 1, () => open(KNOWN)))).toEqual({ '101 -': 8, '503 facade_bulkhead_full': 1 });
  });

  test('strangers hold their places of the process at most', async () => {
    const { open } = await tunnelling((config) => config.setIn(['server', 'overload', 'maxInflight'], 10));
    const strangers = await inBatches(10, 1, () => open(STRANGER));
    expect(tally(strangers)).toEqual({ '101 -': 2, '503 facade_overload': 8 });
    expect(tally(await inBatches(8, 1, () => open(KNOWN)))).toEqual({ '101 -': 8 });
  });

  test('strangers spend their part of the rate budget, and a 429 of theirs pauses nobody else', async () => {
    const { open, strangersGet } = await tunnelling(budget(10));
    strangersGet('429 Too Many Requests\r\nretry-after: 3600');
    expect(await open(STRANGER)).toBe('429 -');
    const strangers = await inBatches(19, 1, () => open(STRANGER));
    expect(tally(strangers)).toEqual({ '503 facade_rate_budget': 19 });
    expect(tally(await inBatches(9, 1, () => open(KNOWN)))).toEqual({ '101 -': 9 });
  });

  test('strangers that are answered 500 open no breaker', async () => {
    const { open, strangersGet, facade } = await tunnelling();
    strangersGet('500 No');
    expect(tally(await inBatches(50, 5, () => open(STRANGER)))).toEqual({ '500 upstream_error': 50 });
    expect(await facade.metric(/^facade_breaker_state\{/)).toBe(0);
    expect(await open(KNOWN)).toBe('101 -');
  });
});

describe('where anybody may have leads enriched (ENRICH_OPEN)', () => {
  test(
    '60 leads of strangers take one place of five, and the lead of a known caller goes before them',
    { timeout: 60_000 },
    async () => {
      const postgres = opened.keep(await startPostgres());
      const { sandbox } = opened.keep(await startScene());
      const facade = opened.keep(
        await startEnriching(sandbox, {
          databaseUrl: await postgres.createMigrated(),
          env: { ENRICH_OPEN: 'true' },
          enrichment: { concurrency: 5, syncDeadline: '40s' },
        }),
      );
      sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 1_000 });
      const ordered = addLeads(sandbox, 60).map((id) => enrich(facade, id, { prefer: 'respond-async' }));
      expect(tally((await Promise.all(ordered)).map(({ status }) => status))).toEqual({ 202: 60 });
      await until(() => sandbox.workApi.standIn.received.length > 0, 'the first of them is worked on');
      const known = await enrich(facade, SEED_LEAD_IDS[0] ?? '', KNOWN);
      expect([known.status, known.body['success']]).toEqual([200, true]);
      // Whoever had to wait for the strangers had waited for sixty times a second, on five places.
      expect(sandbox.workApi.standIn.received.length).toBeLessThan(10);
    },
  );
});
