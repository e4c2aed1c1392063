import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addLeads,
  eventOf,
  messagesOf,
  pushEvents,
  startEnriching,
  startScene,
  type Scene,
} from '../kit/enrichment.ts';
import type { TestFacade } from '../kit/facade.ts';
import { tally } from '../kit/load.ts';
import { DEBIAN_ROOT, debianPostgres } from '../kit/postgres.ts';
import { startPrimary, type Primary } from '../kit/standby.ts';
import { startStoreProxy } from '../kit/store-proxy.ts';
import { until } from '../kit/upstream.ts';

/** The steps of docs/recovery.md, with the programs and the statement that stand there. */

const binaries = debianPostgres();
if (!binaries) console.warn(`skipped: no Postgres from 15 on under ${DEBIAN_ROOT}; apt-get install postgresql`);

describe.skipIf(!binaries)('recovery', { timeout: 120_000 }, () => {
  let primary: Primary;
  let scene: Scene;
  const started: TestFacade[] = [];
  beforeEach(async () => {
    if (!binaries) return;
    primary = await startPrimary(binaries);
    scene = await startScene();
  });
  afterEach(async () => {
    for (const one of started.splice(0)) await one.stop();
    await scene.close();
    await primary.close();
  });

  async function start(databaseUrl: string, more: Record<string, unknown> = {}): Promise<TestFacade> {
    const facade = await startEnriching(scene.sandbox, { databaseUrl, enrichment: { repeatAfter: '24h', ...more } });
    started.push(facade);
    return facade;
  }
  async function query(url: string, statement: string): Promise<unknown[]> {
    const client = new pg.Client(url);
    await client.connect();
    return (await client.query(statement).finally(() => client.end())).rows as unknown[];
  }
  const push = async (facade: TestFacade, leadIds: readonly string[], at?: string): Promise<void> => {
    const answer = await pushEvents(
      facade.url,
      leadIds.map((id) => eventOf(id, at)),
    );
    expect(answer.status).toBe(200);
  };
  const counts = (leadIds: readonly string[]) => tally(leadIds.map((id) => messagesOf(scene.sandbox, id).length));
  const OPEN = `select from facade.enrichments where state in ('queued', 'running')`;
  const quiet = (url: string) =>
    until(async () => (await query(url, OPEN)).length === 0, 'nothing is under way', 60_000);

  /** A dump that is taken while half of the leads wait for Work API, and all of them are enriched afterwards. */
  async function dumpInMidWork(): Promise<{ leadIds: string[]; file: string }> {
    const leadIds = addLeads(scene.sandbox, 12);
    const facade = await start(primary.url);
    await push(facade, leadIds.slice(0, 6));
    await quiet(primary.url);
    const { standIn } = scene.sandbox.workApi;
    const before = standIn.received.length;
    standIn.faults.add({ path: '/', latencyMs: 3_000, times: 6 });
    await push(facade, leadIds.slice(6));
    await until(() => standIn.received.length > before, 'they are in work');
    const file = join(primary.dir, 'facade.dump');
    await primary.run('pg_dump', ['-Fc', '-f', file, primary.url]);
    await quiet(primary.url);
    expect(counts(leadIds)).toEqual({ 1: 12 });
    await started.pop()?.stop();
    return { leadIds, file };
  }

  async function restore(file: string): Promise<string> {
    const url = new URL(primary.url);
    url.pathname = '/restored';
    await query(primary.url, 'create database restored');
    await primary.run('pg_restore', ['--exit-on-error', '-d', url.href, file]);
    return url.href;
  }

  it('of a backup that was taken in mid-work: what was sent since is not sent again', async () => {
    const { leadIds, file } = await dumpInMidWork();
    const url = await restore(file);
    expect((await query(url, OPEN)).length).toBeGreaterThan(0);
    const facade = await start(url);
    await quiet(url);
    expect(counts(leadIds)).toEqual({ 1: 12 });
    const more = addLeads(scene.sandbox, 14).slice(12);
    await push(facade, more);
    await quiet(url);
    expect(counts(more)).toEqual({ 1: 2 });
  });

  it('of a backup, with nothing sent until a human has looked', async () => {
    const { leadIds, file } = await dumpInMidWork();
    const url = await restore(file);
    const waiting = (await query(url, OPEN)).length;
    const [statement = ''] = /update facade\.enrichments[\s\S]*?;/.exec(readFileSync('docs/recovery.md', 'utf8')) ?? [];
    await query(url, statement);
    const facade = await start(url);
    expect(await facade.metric('facade_dead_letters{state="unknown"}')).toBe(waiting);
    const reads = (): number => scene.sandbox.c2s.standIn.received.length;
    const before = reads();
    const res = await fetch(`${facade.adminUrl}/api/dead-letters/retry`, {
      method: 'POST',
      headers: { 'x-c2s-admin': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ all: true }),
    });
    expect(((await res.json()) as { retried: string[] }).retried).toHaveLength(waiting);
    await quiet(url);
    // Looked at, and found to be there.
    expect(reads()).toBeGreaterThan(before);
    expect(await facade.metric('facade_dead_letters{state="unknown"}')).toBe(0);
    expect(counts(leadIds)).toEqual({ 1: 12 });
  });

  it('by a standby that was promoted without its last seconds', async () => {
    const standby = await primary.startStandby();
    const proxy = await startStoreProxy(primary.url);
    const leadIds = addLeads(scene.sandbox, 18);
    const [kept, lost, fresh] = [leadIds.slice(0, 6), leadIds.slice(6, 12), leadIds.slice(12)];
    const facade = await start(proxy.url);
    await push(facade, kept);
    await quiet(primary.url);
    await standby.catchUp();
    await standby.loseContact();
    await push(facade, lost);
    await quiet(primary.url);
    await primary.kill();
    await standby.promote();
    proxy.lead(standby.url);
    expect(await query(standby.url, 'select from facade.enrichments')).toHaveLength(kept.length);
    await until(
      async () => {
        const answer = await pushEvents(facade.url, []);
        return answer.status !== 503 && (await facade.metric('facade_enrichment_up')) === 1;
      },
      'orders are taken again',
      30_000,
    );
    // Our message is an update of the lead, and Contact2Sale tells of it.
    await until(
      () =>
        push(facade, [...kept, ...lost], '2026-01-01T00:00:09Z').then(
          () => true,
          () => false,
        ),
      'the updates are taken',
      30_000,
    );
    await push(facade, fresh);
    await quiet(standby.url);
    expect(counts(leadIds)).toEqual({ 1: 18 });
    expect(await facade.metric('facade_enrichments_total{result="already_sent"}')).toBe(lost.length);
    await started.pop()?.stop();
    await proxy.close();
  });

  it('by a standby that knows nothing of a message that is under way at that moment', async () => {
    const standby = await primary.startStandby();
    const proxy = await startStoreProxy(primary.url);
    const [leadId = ''] = addLeads(scene.sandbox, 1);
    const facade = await start(proxy.url, { settle: '12s' });
    const { workApi, c2s } = scene.sandbox;
    workApi.standIn.faults.add({ path: '/', latencyMs: 3_000, times: 1 });
    // It arrives only after the other instance, or the same one under a new number, has looked for it.
    c2s.standIn.faults.add({ path: '/integration/leads/:leadId/create_message', latencyMs: 8_000, times: 1 });
    await push(facade, [leadId]);
    await until(() => workApi.standIn.received.length === 1, 'it is in work');
    await standby.catchUp();
    await standby.loseContact();
    const posts = () => c2s.standIn.received.filter(({ method }) => method === 'POST').length;
    await until(() => posts() === 1, 'the message is under way', 15_000);
    await primary.kill();
    await standby.promote();
    proxy.lead(standby.url);
    await until(async () => (await query(standby.url, OPEN)).length === 1, 'the standby has the order', 15_000);
    await quiet(standby.url);
    expect({ messages: counts([leadId]), posts: posts() }).toEqual({ messages: { 1: 1 }, posts: 1 });
    await started.pop()?.stop();
    await proxy.close();
  });
});
