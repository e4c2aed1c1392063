import { afterEach, expect, test, vi } from 'vitest';
import { DriftBook } from '../../src/facade/compare/drift/book.ts';
import type { Document } from 'yaml';
import { FakeCalendar } from './kit/fake-calendar.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { NOTIFY_SECRET, startHook } from './kit/hook.ts';
import { startPostgres } from './kit/postgres.ts';
import { startUpstream, until, type Received, type TestUpstream } from './kit/upstream.ts';

/** The CRM changes the shape of its answers while the facade runs: told as drift of direct, not as the gateway's fault. */

const HOUR = 3_600_000;
let opened: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.reverse()) await one.stop();
  opened = [];
  vi.restoreAllMocks();
});

type Answer = Parameters<typeof startUpstream>[0];
async function upstream(answer: NonNullable<Answer>): Promise<TestUpstream> {
  const started = await startUpstream(answer);
  opened.push({ stop: () => started.close() });
  return started;
}

interface Scene {
  readonly facade: TestFacade;
  /** Another instance, of the same table and database. */
  readonly start: () => Promise<TestFacade>;
  readonly calendar: FakeCalendar;
  readonly crm: { phone: string };
  /** Different leads, two at a time, over a time; in the dialect of either side. */
  readonly ask: (answers: number, over: number, path?: (id: string) => string) => Promise<void>;
  readonly drift: (of?: TestFacade) => Promise<{ findings: { text: string; level: string }[]; isLearnt: boolean }>;
}

interface SceneOptions {
  readonly env?: Record<string, string>;
  readonly edit?: (config: Document) => void;
}

async function scene({ env = {}, edit = () => undefined }: SceneOptions = {}): Promise<Scene> {
  const crm = { phone: 'phone' };
  const write =
    (name: () => string) =>
    ({ url }: Received, res: Parameters<NonNullable<Answer>>[1]) => {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ data: { id: url.split('/').at(-1), attributes: { [name()]: '11 98765-4321' } } }));
    };
  const direct = await upstream(write(() => crm.phone));
  const gateway = await upstream(write(() => 'phone'));
  const calendar = new FakeCalendar(Date.UTC(2026, 10, 24, 12));
  const start = async (): Promise<TestFacade> => {
    const facade = await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      env,
      pace: { calendar, autopilotEvery: 10 * HOUR },
      edit: (config) => {
        setRoute(config, 'leads.get', ['rollout'], { gateway: 0, shadow: 100, stickyBy: 'leadId', fallback: 'direct' });
        config.setIn(['compare', 'minNoise'], 0);
        config.setIn(['compare', 'noiseShare'], 0.01);
        edit(config);
      },
    });
    let stopped: Promise<boolean> | undefined;
    const once = { ...facade, stop: () => (stopped ??= facade.stop()) };
    opened.push(once);
    return once;
  };
  const facade = await start();
  let asked = 0;
  const seen = vi.spyOn(DriftBook.prototype, 'offer');
  return {
    facade,
    start,
    calendar,
    crm,
    async ask(answers, over, path = (id) => `/integration/leads/${id}`) {
      for (let n = 0; n < answers; n += 2) {
        await calendar.jump((2 * over) / answers);
        await Promise.all(
          [1, 2].map(async () => {
            const id = (++asked).toString(16).padStart(32, '0');
            const response = await fetch(facade.url + path(id), {
              headers: { authorization: `Bearer ${FACADE_TOKEN}` },
            });
            expect(response.status).toBe(200);
            await response.arrayBuffer();
          }),
        );
        await until(() => new Set(seen.mock.calls.map(([, question]) => question)).size === asked, 'both are seen');
      }
    },
    async drift(of = facade) {
      const answer = await fetch(`${of.adminUrl}/api/parity/leads.get`);
      return ((await answer.json()) as { drift: Awaited<ReturnType<Scene['drift']>> }).drift;
    },
  };
}

test(
  'a member with another name is drift of direct, and the mismatch says that direct changed',
  { timeout: 60_000 },
  async () => {
    const { facade, calendar, crm, ask, drift } = await scene();
    await ask(260, 26 * HOUR);
    expect(await drift()).toMatchObject({ isLearnt: true, findings: [] });

    crm.phone = 'telephone';
    await ask(6, HOUR);
    // Callers that speak the other dialect are told by direct too; what is learnt is in direct's dialect whoever asked.
    await ask(6, HOUR, (id) => `/leads/${id}`);
    expect((await drift()).findings.map(({ level, text }) => `${level} ${text.replace(/,.*/, '')}`)).toEqual([
      'warning /data/attributes/phone: vanished (string)',
      'info /data/attributes/telephone: appeared (string)',
    ]);
    const report = await (await fetch(`${facade.adminUrl}/api/parity/leads.get`)).json();
    expect(report).toMatchObject({
      groups: expect.arrayContaining([
        expect.objectContaining({ path: '/data/attributes/phone', directChanged: true }),
      ]) as unknown,
      verdict: {
        text: expect.stringContaining('direct changed at 2 of the places that differ (drift of direct)') as unknown,
      },
    });

    await calendar.jump(60_000);
    expect(await facade.metric('facade_direct_drift{route="leads.get",level="warning"}')).toBe(1);
    expect(await facade.metric('facade_direct_drift_total{route="leads.get",kind="vanished"}')).toBe(1);
    expect(facade.logs.filter((line) => line.includes('drift of direct: it answers'))).toHaveLength(1);
    expect(facade.logs.join('')).not.toContain('98765-4321');

    const headers = { 'content-type': 'application/json', 'x-c2s-admin': 'cli' };
    const accepted = await fetch(`${facade.adminUrl}/api/parity/leads.get/drift/accept`, {
      method: 'POST',
      headers,
      body: '{"who":"maria"}',
    });
    expect(accepted.status).toBe(200);
    expect((await drift()).findings).toEqual([]);
    expect(await facade.metric('facade_direct_drift{route="leads.get",level="warning"}')).toBe(0);
    expect(facade.logs.filter((line) => line.includes('drift of direct accepted'))).toHaveLength(1);
  },
);

const TOLD = '["drift","leads.get","none","drift"]';
const OVER = '["drift","leads.get","drift","none"]';

test(
  'drift survives a restart, is shared by two instances, and is told once by all of them',
  { timeout: 90_000 },
  async () => {
    const postgres = await startPostgres();
    opened.push({ stop: () => postgres.close() });
    const hook = await startHook();
    opened.push({ stop: () => hook.close() });
    const { facade, start, calendar, crm, ask, drift } = await scene({
      env: { DATABASE_URL: await postgres.createMigrated(), HOOK_URL: hook.url, NOTIFY_SECRET },
      edit: (config) => config.set('notify', config.createNode([{ url: '${HOOK_URL}', events: ['drift'] }])),
    });
    const told = () => hook.told.map(({ event, route, from, to }) => JSON.stringify([event, route, from, to]));
    const minutes = async (count: number) => {
      for (let n = 0; n < count; n++) await calendar.jump(60_000);
    };
    await ask(260, 26 * HOUR);
    const second = await start();
    await until(async () => (await drift(second)).isLearnt, 'the second has learnt what the first saw');

    crm.phone = 'telephone';
    await ask(12, HOUR);
    await minutes(2);
    const found = (await drift()).findings.map(({ text }) => text);
    expect(found).toHaveLength(2);
    expect((await drift(second)).findings.map(({ text }) => text)).toEqual(found);
    await until(async () => {
      await minutes(1);
      return told().length > 0;
    }, 'it is told');
    expect(hook.told[0]?.text).toMatch(
      /^leads\.get: drift of direct, it answers otherwise than in the week before: \/data\/attributes\/phone: vanished/,
    );

    await Promise.all([facade.stop(), second.stop()]);
    const third = await start();
    await until(async () => (await drift(third)).findings.length === 2, 'the next start knows it');
    await minutes(3);
    expect((await drift(third)).findings.map(({ text }) => text)).toEqual(found);
    expect(told()).toEqual([TOLD]);

    const fourth = await start();
    await until(async () => (await drift(fourth)).findings.length === 2, 'so does another one');
    const headers = { 'content-type': 'application/json', 'x-c2s-admin': 'cli' };
    const url = `${third.adminUrl}/api/parity/leads.get/drift/accept`;
    expect((await fetch(url, { method: 'POST', headers, body: '{"who":"ana"}' })).status).toBe(200);
    await minutes(2);
    expect([(await drift(third)).findings, (await drift(fourth)).findings]).toEqual([[], []]);
    await until(async () => {
      await minutes(1);
      return told().length > 1;
    }, 'that it is over is told');
    await minutes(3);
    expect(told()).toEqual([TOLD, OVER]);
    expect([hook.told[1]?.text, hook.forged()]).toEqual(['leads.get: the drift of direct is over', 0]);
  },
);
