import { readFileSync } from 'node:fs';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { ParityReport } from '../../src/facade/compare/report.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade, type TestFacadeOptions } from './kit/facade.ts';
import { FakeCalendar } from './kit/fake-calendar.ts';
import { until } from './kit/upstream.ts';
import { usePaths } from './kit/use-paths.ts';

/** Three instances on one Postgres: what one is told, all do, within two seconds; and there is one history of it. */

const TWO_SECONDS = 2_000;
const paths = usePaths();

type More = Pick<TestFacadeOptions, 'edit' | 'pace'>;
const start = async (url: string, more: More = {}): Promise<TestFacade> => {
  const env = { DATABASE_URL: url };
  const facade = await startFacade({ direct: paths.direct.url, gateway: paths.gateway.url, env, ...more });
  let stopped: Promise<boolean> | undefined;
  return paths.opened.keep({ ...facade, stop: () => (stopped ??= facade.stop()) });
};
const startThree = async (more: More = {}) => {
  const url = await paths.postgres.createMigrated();
  const three = await Promise.all([start(url, more), start(url, more), start(url, more)]);
  return { url, three, first: three[0], others: three.slice(1) };
};
const served = async (facade: TestFacade): Promise<string | null> => {
  const res = await fetch(`${facade.url}/leads/42`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } });
  await res.text();
  return res.headers.get('x-facade-path');
};
const call = async <T>(facade: TestFacade, method: string, path: string, body?: object): Promise<T> => {
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  const sent = body ? { body: JSON.stringify(body) } : {};
  return (await (await fetch(`${facade.adminUrl}/api/${path}`, { method, headers, ...sent })).json()) as T;
};
const flip = (facade: TestFacade, set: number, route = 'leads.get', more: object = {}) =>
  call<{ revision?: number; status?: number }>(facade, 'POST', 'flips', {
    changes: [{ route, set: { gateway: set } }],
    // Nothing was compared here.
    force: true,
    why: 'a test',
    ...more,
  });
interface Line {
  readonly revision: number;
  readonly source: string;
  readonly route?: string;
  readonly to: { readonly gateway: number };
}
const history = async (facade: TestFacade) =>
  (await call<{ flips: Line[] }>(facade, 'GET', 'history')).flips.map(
    ({ revision, source, route, to }) => `${revision} ${source} ${route} ${to.gateway}`,
  );
const allServe = (facades: readonly TestFacade[], path: string) =>
  until(
    async () => (await Promise.all(facades.map(served))).every((one) => one === path),
    `all serve ${path}`,
    TWO_SECONDS,
  );

describe('three instances', () => {
  test('a flip serves where it was made when it is answered, and everywhere within two seconds', async () => {
    const { first, three } = await startThree();
    expect((await flip(first, 100)).revision).toBe(1);
    expect(await served(first)).toBe('gateway');
    await allServe(three, 'gateway');
    for (const facade of three) expect(await history(facade)).toEqual(['1 cli leads.get 100']);
    // The files are as they were: the store is the truth.
    for (const { configFile } of three) expect(readFileSync(configFile, 'utf8')).not.toContain('gateway: 100, shadow');
  });

  test('also when its notification is lost with the connections that listen', async () => {
    const { url, first, three, others } = await startThree();
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    await client.connect();
    const LISTENING = `from pg_stat_activity where datname = current_database() and query ilike 'listen "facade_flips"%'`;
    const listening = async () => (await client.query(`select pid ${LISTENING}`)).rowCount === 3;
    await until(listening, 'all three listen');
    // Nobody can listen any more: each reconnection is cut as well, until the flip has arrived.
    const cut = () => client.query(`select pg_terminate_backend(pid) ${LISTENING}`);
    await cut();
    await flip(first, 100);
    let isArriving = true;
    const cutting = (async () => {
      while (isArriving) await cut();
    })();
    await allServe(three, 'gateway').finally(() => (isArriving = false));
    await cutting;
    await client.end();
    for (const facade of others) expect(await history(facade)).toHaveLength(1);
  });

  test('the kill switch of one takes everything back everywhere, and lets go everywhere', async () => {
    const { first, three, others } = await startThree();
    await flip(first, 100);
    await allServe(three, 'gateway');
    await call(first, 'PUT', 'kill-switch', { why: 'gateway on fire' });
    expect(await served(first)).toBe('direct');
    await allServe(three, 'direct');
    await call(others[0]!, 'DELETE', 'kill-switch');
    await allServe(three, 'gateway');
  });

  test('a flip without evidence needs force on each, and stands in the history of all as forced; an edit is told', async () => {
    const { first, others } = await startThree();
    const bare = { changes: [{ route: 'leads.get', set: { gateway: 5 } }] };
    expect(await call(first, 'POST', 'flips', bare)).toMatchObject({ type: 'urn:c2s-facade:flip-needs-force' });
    await flip(first, 5);
    const text = readFileSync(first.configFile, 'utf8');
    await first.write(
      text.replace('{ gateway: 0, shadow: 0, stickyBy: leadId', '{ gateway: 50, shadow: 0, stickyBy: leadId'),
    );
    interface Told {
      readonly flips: readonly { readonly source: string; readonly forced?: true; readonly against?: string }[];
    }
    const told = async () => (await call<Told>(others[0]!, 'GET', 'history')).flips;
    await until(async () => (await told()).length === 2, 'the edit is in the history');
    expect((await told()).map(({ source, forced, against }) => [source, forced, against])).toEqual([
      ['file', undefined, expect.stringMatching(/^gateway 5 → 50 without evidence/)],
      ['cli', true, expect.stringMatching(/^gateway 0 → 5 without evidence/)],
    ]);
    expect(first.logs.filter((line) => line.includes('would have needed force'))).toHaveLength(1);
  });

  test('of flips at once on all, each with the revision that it saw, one is made and the others are refused', async () => {
    const { three } = await startThree();
    const results = await Promise.all(
      three.map((facade, i) => flip(facade, 10 + i, 'leads.get', { expectRevision: 0 })),
    );
    expect(results.map(({ status }) => status).toSorted()).toEqual([409, 409, undefined]);
    expect(await history(three[0])).toHaveLength(1);
  });

  test('an edit of the file under one instance is a flip of all; a rollback of another takes it back', async () => {
    const { first, three, others } = await startThree();
    const text = readFileSync(first.configFile, 'utf8');
    await first.write(
      text.replace('{ gateway: 0, shadow: 0, stickyBy: leadId', '{ gateway: 100, shadow: 0, stickyBy: leadId'),
    );
    expect(await served(first)).toBe('gateway');
    await allServe(three, 'gateway');
    await call(others[0]!, 'POST', 'rollback', {});
    await allServe(three, 'direct');
    expect((await history(first)).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '2 rollback',
      '1 file',
    ]);
  });

  test('a flip of another does not hide that the file here is refused', async () => {
    const { first, others } = await startThree();
    const told = async () => {
      const { lastError } = await call<{ lastError?: object }>(first, 'GET', 'config');
      const metrics = await (await fetch(`${first.adminUrl}/metrics`)).text();
      return {
        isTold: lastError !== undefined,
        success: /^facade_config_last_reload_success (\d)$/m.exec(metrics)?.[1],
      };
    };
    await first.write('routes: [');
    expect(await told()).toEqual({ isTold: true, success: '0' });
    await flip(others[0]!, 100);
    await allServe([first], 'gateway');
    expect(await told()).toEqual({ isTold: true, success: '0' });
  });

  test('a restart with the old file does not undo a flip, from the first request on', async () => {
    const { url, first } = await startThree();
    await flip(first, 100);
    const again = await start(url);
    expect(await served(again)).toBe('gateway');
    expect(await history(again)).toHaveLength(1);
  });

  test('their traffic is one burn-down, with what was served until they stopped', async () => {
    const { url, first, three } = await startThree();
    await flip(first, 100);
    await allServe(three, 'gateway');
    await Promise.all(three.map((facade) => facade.stop()));
    const later = await start(url);
    interface Migration {
      readonly lastDay: { readonly gateway: number };
      readonly routes: readonly { readonly id: string; readonly lastDay: { readonly gateway: number } }[];
    }
    const { lastDay, routes } = await call<Migration>(later, 'GET', 'migration');
    const requests = paths.gateway.received.filter(({ url }) => url === '/leads/42').length;
    expect(lastDay.gateway).toBeGreaterThanOrEqual(3);
    expect(lastDay.gateway).toBeLessThanOrEqual(requests);
    expect(routes.find(({ id }) => id === 'leads.get')?.lastDay.gateway).toBe(lastDay.gateway);
  });
});

describe('on autopilot', () => {
  const ASKED = 24;
  const evidenceOf = async (facade: TestFacade) => {
    const { counts, noise, verdict } = await call<ParityReport>(facade, 'GET', 'parity/leads.get');
    return { judged: counts.match + counts.mismatch + noise.samples, verdict: verdict.kind };
  };

  test('three instances have one evidence, and one of them moves the route by it, for all', async () => {
    const calendar = new FakeCalendar(Date.UTC(2026, 10, 23, 8));
    const { three, first } = await startThree({
      pace: { calendar, autopilotEvery: 60_000 },
      edit: (config) => {
        // The upstreams of this file say who they are.
        const ready = { parity: 0.85, latencyP95Ratio: 1_000 };
        config.set('compare', { ignore: ['$.from'], minSamples: 30, minNoise: 6, ready });
        setRoute(config, 'leads.get', ['rollout', 'shadow'], 100);
        const gates = { parity: 0.85, latencyFloor: '5s' };
        setRoute(config, 'leads.get', ['autopilot'], { mode: 'apply', hold: '5m', minRequests: 30, gates });
      },
    });
    for (const facade of three) {
      for (let i = 0; i < ASKED; i++) await served(facade);
      await until(async () => (await evidenceOf(facade)).judged === ASKED, 'all shadows ended');
      // What one has seen is not enough.
      expect((await evidenceOf(facade)).verdict).toBe('not enough data');
    }
    await until(async () => {
      await calendar.advance(5_000);
      return (await Promise.all(three.map(evidenceOf))).every(({ judged }) => judged === 3 * ASKED);
    }, 'each knows what all have seen');
    for (const facade of three) expect((await evidenceOf(facade)).verdict).toBe('ready');
    const summedAt = calendar.now();
    await until(async () => {
      await calendar.advance(60_000);
      return (await history(first)).length > 0;
    }, 'it is raised');
    expect(calendar.now() - summedAt).toBeGreaterThanOrEqual(5 * 60_000);
    const rolloutOf = ({ dataPlane }: TestFacade) =>
      dataPlane.snapshot.entries.find(({ model }) => model.id === 'leads.get')?.model.rollout.gateway;
    await until(() => three.every((facade) => rolloutOf(facade) === 100), 'all serve the first step', TWO_SECONDS);
    for (const facade of three) expect(await history(facade)).toEqual(['1 autopilot leads.get 1']);
    const raise = 'facade_autopilot_decisions_total{route="leads.get",decision="raise"}';
    const raises = await Promise.all(three.map((facade) => facade.metric(raise)));
    expect(raises.toSorted()).toEqual([0, 0, 1]);
  });

  test('what is proposed is said as the store has it, and as it is typed', async () => {
    const calendar = new FakeCalendar(Date.UTC(2026, 10, 23, 8));
    const url = await paths.postgres.createMigrated();
    const facade = await start(url, {
      pace: { calendar, autopilotEvery: 60_000 },
      edit: (config) => {
        const gates = { parity: 'none', latencyFloor: '5s' };
        setRoute(config, 'leads.interacted', ['autopilot'], { steps: [1, 50], hold: '5m', minRequests: 5, gates });
        setRoute(config, 'leads.interacted', ['rollout', 'gateway'], 1);
      },
    });
    const interact = (lead: number, path: string) =>
      fetch(`${facade.url}/leads/${lead}/mark-interacted`, {
        method: 'POST',
        headers: { authorization: `Bearer ${FACADE_TOKEN}`, 'x-facade-force': path },
      }).then((res) => res.arrayBuffer());
    await facade.edit((config) => config.setIn(['server', 'forceHeader'], true));
    interface Looked {
      readonly proposal?: { readonly gateway: number; readonly command: string; readonly diff: string };
    }
    let looked: Looked = {};
    await until(async () => {
      for (let i = 0; i < 6; i++) await interact(i, i % 2 === 0 ? 'gateway' : 'direct');
      await calendar.advance(60_000);
      looked = await call<Looked>(facade, 'GET', 'autopilot/leads.interacted');
      return looked.proposal !== undefined;
    }, 'it proposes');
    expect(looked.proposal).toMatchObject({
      gateway: 50,
      command: "c2s-facade flip leads.interacted --gateway 50 --why 'proposed by the autopilot'",
    });
    const rollout = (gateway: number) =>
      `leads.interacted: { gateway: ${gateway}, shadow: 0, stickyBy: leadId, fallback: direct }`;
    expect(looked.proposal?.diff).toContain(`-${rollout(1)}\n+${rollout(50)}`);
    expect(await history(facade)).toEqual([]);
  });
});

test('a database that is away keeps nobody from starting, and the kill switch works without it', async () => {
  const facade = await start('postgres://nobody@127.0.0.1:1/none');
  expect(await served(facade)).toBe('direct');
  expect(await flip(facade, 100)).toMatchObject({ status: 503 });
  expect(await call(facade, 'PUT', 'kill-switch', {})).toMatchObject({ on: true, recorded: false });
  // Nor from stopping: nobody waits for it any more.
  const began = performance.now();
  await facade.stop();
  expect(performance.now() - began).toBeLessThan(TWO_SECONDS);
});
