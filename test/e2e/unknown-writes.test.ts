import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startUpstream, until, type TestUpstream } from './kit/upstream.ts';

/** Writes whose fate is unknown: listed, looked for, told to who asks again with the same Idempotency-Key, never sent twice. */

const opened = new Opened();
let postgres: TestPostgres;
let direct: TestUpstream;
let gateway: TestUpstream;
/** What the gateway does with a write: answers it, or takes it and dies. */
let dies = true;
/** The CRM takes a write and dies. */
let directDies = false;
/** Holds the gateway's answer back. */
let held: (() => void) | undefined;
let holds = false;
/** Answers in place of the gateway. */
let answers: ((res: ServerResponse) => void) | undefined;
/** The messages that the lead has; undefined: the CRM does not answer reads. */
let messages: string[] | undefined = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  [dies, directDies, holds, held, messages, answers] = [true, false, false, undefined, [], undefined];
  direct = opened.keep(
    await startUpstream(({ method }, res) => {
      if (directDies && method !== 'GET') return void res.destroy();
      res.writeHead(messages || method !== 'GET' ? 200 : 500, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ data: { attributes: { messages: messages?.map((body) => ({ body })) } } }));
    }),
  );
  gateway = opened.keep(
    await startUpstream((_, res) => {
      const end = (): void => {
        if (dies) res.destroy();
        else if (answers) answers(res);
        else res.writeHead(200, { 'content-type': 'application/json', 'x-own': '1' }).end('{"data":{"id":"m1"}}');
      };
      if (holds) held = end;
      else end();
    }),
  );
});
afterEach(opened.closeAll);

async function start(env: Record<string, string> = {}, notArrivedAfter = '300ms'): Promise<TestFacade> {
  return opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      env,
      edit: (config) => {
        config.setIn(['server', 'unknownWrites'], { notArrivedAfter });
        for (const id of ['leads.messages.create', 'leads.deal']) {
          setRoute(config, id, ['rollout', 'gateway'], 100);
          setRoute(config, id, ['breaker'], { enabled: false });
        }
        setRoute(config, 'leads.messages.create', ['verify', 'after'], '20ms');
      },
    }),
  );
}
/** On a database that is there: a facade does not wait for it, and refuses keys until then. */
async function startOn(url: string, notArrivedAfter?: string): Promise<TestFacade> {
  const facade = await start({ DATABASE_URL: url }, notArrivedAfter);
  await until(async () => (await list(facade)).kept === 'in the database', 'the database is there', 15_000);
  return facade;
}
const startKept = async (notArrivedAfter?: string) => startOn(await postgres.createMigrated(), notArrivedAfter);

const TEXT = 'Bom dia, Maria';
const NAMED = '"8e03978e-40d5-43e8-bc93-6894a57f9324"';

interface Told {
  readonly status: number;
  readonly body: string;
  readonly outcome: string | null;
  readonly idempotency: string | null;
  readonly retryAfter: string | null;
  readonly encoding: string | null;
  readonly etag: string | null;
}
interface Written {
  readonly path?: string;
  readonly body?: object;
  readonly key?: string;
  readonly signal?: AbortSignal;
  readonly token?: string;
}

async function write(
  facade: TestFacade,
  { path = '/leads/42/messages', body = { message: TEXT }, key = '', signal, token = FACADE_TOKEN }: Written = {},
): Promise<Told> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const res = await fetch(facade.url + path, {
    method: 'POST',
    headers: { ...headers, ...(key && { 'idempotency-key': key }) },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  const get = (name: string) => res.headers.get(name);
  return {
    status: res.status,
    body: await res.text(),
    outcome: get('x-facade-outcome'),
    idempotency: get('x-facade-idempotency'),
    retryAfter: get('retry-after'),
    encoding: get('content-encoding'),
    etag: get('etag'),
  };
}

interface Listed {
  readonly kept: string;
  readonly unknownWrites: {
    id: string;
    dialect: string;
    state: string;
    why: string | null;
    cause: string;
    looks: number;
  }[];
}
const admin = { 'x-c2s-admin': 'test', 'content-type': 'application/json' };
const list = async (facade: TestFacade): Promise<Listed> =>
  (await (await fetch(`${facade.adminUrl}/api/unknown-writes`, { headers: admin })).json()) as Listed;
const settle = async (facade: TestFacade, body: object) =>
  (
    await fetch(`${facade.adminUrl}/api/unknown-writes/settle`, {
      method: 'POST',
      headers: admin,
      body: JSON.stringify(body),
    })
  ).json();
async function oneIs(facade: TestFacade, state: string): Promise<Listed['unknownWrites'][number]> {
  let found: Listed['unknownWrites'] = [];
  await until(
    async () => (found = (await list(facade)).unknownWrites)[0]?.state === state,
    `it is ${state}`,
    15_000,
  ).catch((error: unknown) => expect.soft(found, String(error)).toMatchObject([{ state }]));
  return found[0] as Listed['unknownWrites'][number];
}
/** Writes, not the facade's looks. */
const sent = (): number => [...gateway.received, ...direct.received].filter(({ method }) => method === 'POST').length;

describe('a write that the gateway took before it died', () => {
  test('arrived, when the record has it', async () => {
    const facade = await start();
    messages = [TEXT];
    expect(await write(facade)).toMatchObject({ status: 502, outcome: 'unknown' });
    const one = await oneIs(facade, 'arrived');
    expect(one).toMatchObject({
      route: 'leads.messages.create',
      method: 'POST',
      template: '/leads/:leadId/messages',
      params: ['42'],
      path: 'gateway',
      outcome: 'upstream_respond',
      cause: 'upstream',
      shape: { json: { message: 'string' } },
    });
    expect((await list(facade)).kept).toMatch(/^in memory/);
    expect(
      await facade.metric('facade_unknown_write_results_total{route="leads.messages.create",result="arrived"}'),
    ).toBe(1);
  });

  test('did not arrive, when it is not there after the longest time that it can be under way', async () => {
    const facade = await startKept('1500ms');
    expect(await write(facade)).toMatchObject({ status: 502 });
    const open = await oneIs(facade, 'open');
    expect(open.state).toBe('open');
    const lost = await oneIs(facade, 'not_arrived');
    expect(lost.looks).toBeGreaterThan(1);
    expect((await list(facade)).kept).toBe('in the database');
  });

  test('cannot be told, where the route has no verify; an operator settles it', async () => {
    const facade = await startKept();
    expect(await write(facade, { path: '/leads/42/done-deal', body: { value: 5 } })).toMatchObject({ status: 502 });
    const one = await oneIs(facade, 'cannot_tell');
    expect(one.why).toBe('no_rule');
    const gauge = 'facade_unknown_writes{route="leads.deal",state="cannot_tell",cause="upstream"}';
    await until(async () => (await facade.metric(gauge)) === 1, 'it is counted');
    expect(await settle(facade, { ids: [one.id], who: 'ana', why: 'it is there', found: 'arrived' })).toEqual({
      settled: [one.id],
    });
    expect(await oneIs(facade, 'settled')).toMatchObject({
      settlement: { who: 'ana', why: 'it is there', found: 'arrived' },
    });
    expect(await facade.metric(gauge)).toBe(0);
    expect(await settle(facade, { ids: [one.id], why: 'again' })).toEqual({ settled: [] });
  });

  test('keeps no value of the body, in the database or in an answer or a log', async () => {
    const url = await postgres.createMigrated();
    const facade = await startOn(url, '60s');
    await write(facade, { key: NAMED });
    await oneIs(facade, 'open');
    const pg = (await import('pg')).default;
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(
      'select (w.*)::text as w, (select string_agg(k::text, $1) from facade.idempotency_keys k) as k from facade.unknown_writes w',
      [' '],
    );
    await client.end();
    const kept = JSON.stringify([rows, await list(facade), facade.logs]);
    expect(rows).toHaveLength(1);
    for (const secret of ['Maria', 'Bom dia', NAMED.slice(1, -1), Buffer.from(TEXT).toString('hex')])
      expect(kept).not.toContain(secret);
  });
});

describe('an Idempotency-Key', () => {
  test('is told the former answer, from another instance too, and nothing is sent twice', async () => {
    dies = false;
    const url = await postgres.createMigrated();
    const [one, other] = [await startOn(url), await startOn(url)];
    const first = await write(one, { key: NAMED });
    expect(first).toMatchObject({ status: 200, body: '{"data":{"id":"m1"}}', idempotency: null });
    let again: Told | undefined;
    await until(async () => (again = await write(other, { key: NAMED })).status === 200, 'the end is written down');
    expect(again).toMatchObject({ body: first.body, idempotency: 'replayed' });
    // Bare it is the same key.
    expect(await write(other, { key: NAMED.slice(1, -1) })).toMatchObject({ status: 200, idempotency: 'replayed' });
    expect(sent()).toBe(1);
    expect((await list(one)).unknownWrites).toEqual([]);
  });

  test.each([
    ['another body', { body: { message: 'Boa tarde' } }, { status: 422, outcome: 'idempotency_mismatch' }, 1],
    ['another lead', { path: '/leads/43/messages' }, { status: 422, outcome: 'idempotency_mismatch' }, 1],
    [
      'the same in the other dialect',
      { path: '/integration/leads/42/create_message', body: { body: TEXT } },
      { status: 422, outcome: 'idempotency_mismatch' },
      1,
    ],
    ['a slash at the end', { path: '/leads/42/messages/' }, { status: 200, idempotency: 'replayed' }, 1],
    ['an escape in the id', { path: '/leads/4%32/messages' }, { status: 200, idempotency: 'replayed' }, 1],
    ['a slash too many', { path: '//leads/42/messages' }, { status: 422, outcome: 'idempotency_mismatch' }, 1],
    ['no key', { key: '' }, { status: 200, idempotency: null }, 2],
    [
      'a caller who is not known, for whom it has no effect',
      { token: 'somebody-elses-token' },
      { idempotency: 'ignored' },
      2,
    ],
    ['a malformed key', { key: '"open' }, { status: 400, outcome: 'idempotency_malformed' }, 1],
    ['a key that is too long', { key: 'k'.repeat(256) }, { status: 400 }, 1],
    ['a path that no route claims', { path: '/integration/own/thing' }, { status: 422 }, 1],
  ])('with %s', async (_, more, told, times) => {
    dies = false;
    const facade = await startKept();
    await until(async () => (await write(facade, { key: NAMED })).idempotency === 'replayed', 'its answer is kept');
    expect(await write(facade, { key: NAMED, ...more })).toMatchObject(told);
    expect(sent()).toBe(times);
  });

  test('holds on a path that no route claims, and on direct', async () => {
    const facade = await startKept();
    await facade.edit((config) => setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 0));
    for (const path of ['/integration/own/thing', '/integration/leads/42/create_message']) {
      const asked = { key: path.replaceAll('/', '-'), path, body: { body: TEXT } };
      await write(facade, asked);
      await until(async () => (await write(facade, asked)).idempotency === 'replayed', 'it is told again');
    }
    expect(sent()).toBe(2);
  });

  test('while the first is under way: 409 with Retry-After; its caller leaves, and the answer is told all the same', async () => {
    [dies, holds] = [false, true];
    const facade = await startKept();
    const leaving = new AbortController();
    const first = write(facade, { key: NAMED, signal: leaving.signal }).catch(() => 'left');
    await until(() => held !== undefined, 'the gateway has it');
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 409, retryAfter: '5' });
    leaving.abort();
    expect(await first).toBe('left');
    await until(() => facade.dataPlane.underWay === 1, 'it goes on');
    held?.();
    await until(async () => (await write(facade, { key: NAMED })).status === 200, 'it is told');
    expect(await write(facade, { key: NAMED })).toMatchObject({
      body: '{"data":{"id":"m1"}}',
      idempotency: 'replayed',
    });
    expect(sent()).toBe(1);
    expect(facade.dataPlane.underWay).toBe(0);
  });

  test('of an answer that is too long to be kept: told again without its body, and without what was said of it', async () => {
    dies = false;
    // Not packed: 300 KB are on the wire.
    const long = gzipSync(Buffer.alloc(300_000), { level: 0 });
    answers = (res) =>
      void res
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', etag: '"1"' })
        .end(long);
    const facade = await startKept();
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 200, idempotency: null });
    await until(async () => (await write(facade, { key: NAMED })).status === 200, 'it is written down');
    const again = await write(facade, { key: NAMED });
    expect(again).toMatchObject({ status: 200, body: '', idempotency: 'replayed' });
    expect([again.encoding, again.etag]).toEqual([null, null]);
    expect(sent()).toBe(1);
  });

  test('of a stream of events whose caller leaves: it is left, too, and told without its body', async () => {
    dies = false;
    let isLeft = false;
    answers = (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      res.on('close', () => (isLeft = true));
    };
    const facade = await startKept();
    const leaving = new AbortController();
    const first = write(facade, { key: NAMED, signal: leaving.signal }).catch(() => 'left');
    await until(() => gateway.received.length === 1 && facade.dataPlane.underWay === 1, 'it streams');
    await until(async () => (await write(facade, { key: NAMED })).status === 409, 'it is under way');
    leaving.abort();
    expect(await first).toBe('left');
    await until(() => isLeft && facade.dataPlane.underWay === 0, 'nothing is held for nobody');
    await until(async () => (await write(facade, { key: NAMED })).status === 200, 'it is told');
    expect(await write(facade, { key: NAMED })).toMatchObject({ body: '', idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test('a stop waits for a write whose caller has left, and its answer is told by the next process', async () => {
    [dies, holds] = [false, true];
    const url = await postgres.createMigrated();
    const facade = await startOn(url);
    const leaving = new AbortController();
    const first = write(facade, { key: NAMED, signal: leaving.signal }).catch(() => 'left');
    await until(() => held !== undefined, 'the gateway has it');
    leaving.abort();
    await first;
    const stopped = facade.stop();
    await new Promise((done) => setTimeout(done, 100));
    held?.();
    await stopped;
    const next = await startOn(url);
    expect(await write(next, { key: NAMED })).toMatchObject({ body: '{"data":{"id":"m1"}}', idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test('of a write that the gateway never got: failed over to direct, and told again', async () => {
    const facade = await startKept();
    await facade.edit((config) => {
      setRoute(config, 'leads.messages.create', ['rollout', 'fallback'], 'direct');
      config.setIn(['upstreams', 'gateway', 'url'], 'http://127.0.0.1:1');
    });
    const first = await write(facade, { key: NAMED });
    expect(first).toMatchObject({ status: 200, idempotency: null });
    await until(async () => (await write(facade, { key: NAMED })).status === 200, 'it is written down');
    expect(await write(facade, { key: NAMED })).toMatchObject({ body: first.body, idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test('expires by the clock of the database', async () => {
    dies = false;
    const url = await postgres.createMigrated();
    const facade = await startOn(url);
    await write(facade, { key: NAMED });
    await until(async () => (await write(facade, { key: NAMED })).status === 200, 'it is written down');
    const pg = (await import('pg')).default;
    const client = new pg.Client(url);
    await client.connect();
    const update = (by: string) =>
      client.query(`update facade.idempotency_keys set expires_at = expires_at - $1::interval`, [by]);
    await update('23 hours 59 minutes');
    expect(await write(facade, { key: NAMED })).toMatchObject({ idempotency: 'replayed' });
    await update('1 minute');
    await client.end();
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 200, idempotency: null });
    expect(sent()).toBe(2);
  });

  test('of an unknown write: told that it arrived', async () => {
    const facade = await startKept();
    messages = [TEXT];
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 502, outcome: 'unknown' });
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 409 });
    await oneIs(facade, 'arrived');
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 200, body: '', idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test('of an unknown write that did not arrive: sends it, once', async () => {
    const facade = await startKept();
    await write(facade, { key: NAMED });
    await oneIs(facade, 'not_arrived');
    dies = false;
    const both = await Promise.all([write(facade, { key: NAMED }), write(facade, { key: NAMED })]);
    expect(both.map(({ status }) => status).toSorted()[0]).toBe(200);
    expect(sent()).toBe(2);
    expect(await oneIs(facade, 'settled')).toMatchObject({ settlement: { who: 'the caller' } });
  });

  test('of an unknown write of which nobody can tell: 502, until an operator says what there is', async () => {
    const facade = await startKept();
    const deal = { path: '/leads/42/done-deal', body: { value: 5 }, key: NAMED };
    await write(facade, deal);
    const { id } = await oneIs(facade, 'cannot_tell');
    expect(await write(facade, deal)).toMatchObject({ status: 502, outcome: 'unknown' });
    await settle(facade, { ids: [id], why: 'looked', found: 'arrived' });
    expect(await write(facade, deal)).toMatchObject({ status: 200, idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test('of which an operator says that it arrived, while its caller asks again: told so, and not sent', async () => {
    const url = await postgres.createMigrated();
    const facade = await startOn(url);
    await write(facade, { key: NAMED });
    const { id } = await oneIs(facade, 'not_arrived');
    dies = false;
    const pg = (await import('pg')).default;
    const [operator, watcher] = [new pg.Client(url), new pg.Client(url)];
    await Promise.all([operator.connect(), watcher.connect()]);
    // As `settle` does it, and not committed yet.
    await operator.query('begin');
    await operator.query(
      `update facade.unknown_writes set state = 'settled', settlement = '{"found":"arrived"}' where id = $1`,
      [id],
    );
    const again = write(facade, { key: NAMED });
    const WAITING = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await until(async () => sent() > 1 || (await watcher.query(WAITING)).rowCount === 1, 'it waits for the operator');
    await operator.query('commit');
    await Promise.all([operator.end(), watcher.end()]);
    expect(await again).toMatchObject({ status: 200, body: '', idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test.each([
    ['the form of the gateway', { name: 'vip' }, 'gateway', 200],
    ['the form of direct', { tag: { name: 'vip' } }, 'direct', 201],
  ])('at a path that both services have, with %s: kept and told in its dialect', async (_, body, dialect, status) => {
    directDies = true;
    const facade = await startKept();
    await facade.edit((config) => {
      setRoute(config, 'tags.create', ['rollout', 'gateway'], 100);
      setRoute(config, 'tags.create', ['success'], { direct: 201, gateway: 200 });
    });
    const asked = { path: '/tags', body, key: NAMED };
    expect(await write(facade, asked)).toMatchObject({ status: 502 });
    const one = await oneIs(facade, 'cannot_tell');
    expect(one).toMatchObject({ dialect, path: dialect });
    await settle(facade, { ids: [one.id], why: 'looked', found: 'arrived' });
    expect(await write(facade, asked)).toMatchObject({ status, idempotency: 'replayed' });
    expect(sent()).toBe(1);
  });

  test('without a database has no effect, and the answer says so', async () => {
    dies = false;
    const facade = await start();
    for (let i = 0; i < 2; i++)
      expect(await write(facade, { key: NAMED })).toMatchObject({ status: 200, idempotency: 'ignored' });
    expect(sent()).toBe(2);
  });

  test('while the database is away: 503, and nothing is sent', async () => {
    dies = false;
    const facade = await start({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(await write(facade, { key: NAMED })).toMatchObject({
      status: 503,
      outcome: 'idempotency_unavailable',
      retryAfter: '5',
    });
    expect(sent()).toBe(0);
    expect(await write(facade)).toMatchObject({ status: 200 });
  });

  test('what was never sent does not use a key up', async () => {
    const facade = await startKept();
    await facade.edit((config) => {
      setRoute(config, 'leads.messages.create', ['rollout', 'fallback'], 'none');
      config.setIn(['upstreams', 'gateway', 'url'], 'http://127.0.0.1:1');
    });
    expect(await write(facade, { key: NAMED })).toMatchObject({ status: 502, outcome: 'upstream_connect' });
    dies = false;
    await facade.edit((config) => config.setIn(['upstreams', 'gateway', 'url'], gateway.url));
    await until(async () => (await write(facade, { key: NAMED })).status === 200, 'it is sent');
    expect(sent()).toBe(1);
  });
});
