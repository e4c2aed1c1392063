import { Agent, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { within } from '../../src/http/within.ts';
import { FACADE_TOKEN, setRoute } from './kit/facade.ts';
import { Opened, tally } from './kit/load.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startUpstream, until, type TestUpstream } from './kit/upstream.ts';
import { agentsOfWorkers, workerOf } from './kit/workers.ts';

/**
 * `kill -9` between the record of a write with an Idempotency-Key and its answer. Whoever asks with the key then, at whichever
 * instance and worker, sends no second write before `verify` has told what became of the first.
 */

/** The gateway gets both messages and dies on both: one is in the CRM by then. */
const ARRIVES = '42';
const IS_LOST = '43';
const LEADS = [ARRIVES, IS_LOST];
/** Its writes are answered at once. */
const ANSWERED = '7';
const TEXT = 'Bom dia, Maria';

const opened = new Opened();
let postgres: TestPostgres;
let databaseUrl: string;
let direct: TestUpstream;
let gateway: TestUpstream;
/** Leads whose message is in the CRM. */
let kept: Set<string>;
/** The gateway holds its answers back; undefined: it answers at once. */
let heldAnswers: ServerResponse[] | undefined;
/** The CRM holds back what is read of it; undefined: it answers at once. */
let heldReads: (() => void)[] | undefined;

const json = { 'content-type': 'application/json' };
const answered = (res: ServerResponse): void => void res.writeHead(200, json).end('{"data":{"id":"m1"}}');
const leadOf = (url: string): string => /leads\/(\d+)/.exec(url)?.[1] ?? '';

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  [kept, heldAnswers, heldReads] = [new Set(), undefined, undefined];
  databaseUrl = await postgres.createMigrated();
  direct = opened.keep(
    await startUpstream(({ method, url }, res) => {
      if (method === 'POST') return void res.writeHead(201, json).end('{}');
      const read = (): void => {
        const messages = kept.has(leadOf(url)) ? [{ body: TEXT }] : [];
        res.writeHead(200, json).end(JSON.stringify({ data: { attributes: { messages } } }));
      };
      if (heldReads) heldReads.push(read);
      else read();
    }),
  );
  gateway = opened.keep(
    await startUpstream(({ url }, res) => {
      const lead = leadOf(url);
      if (!heldAnswers || lead === ANSWERED) return answered(res);
      if (lead !== IS_LOST) kept.add(lead);
      heldAnswers.push(res);
    }),
  );
});
afterEach(opened.closeAll);

/** Writes on either path, not the facade's reads. */
const sent = (lead: string): number =>
  [...gateway.received, ...direct.received].filter(({ method, url }) => method === 'POST' && leadOf(url) === lead)
    .length;

interface Told {
  readonly status: number;
  readonly body: string;
  readonly outcome: string | undefined;
  readonly idempotency: string | undefined;
  readonly socket: Socket;
}

interface Instance {
  readonly process: FacadeProcess;
  /** A connection to the process, or to each of its workers, by process id. */
  readonly agents: ReadonlyMap<number, Agent>;
  readonly write: (agent: Agent, lead: string, key?: string) => Promise<Told>;
}

function writeAt(url: string, agent: Agent, lead: string, key: string): Promise<Told> {
  return new Promise((resolve, reject) => {
    const headers = { ...json, authorization: `Bearer ${FACADE_TOKEN}`, 'idempotency-key': key };
    const req = request(`${url}/leads/${lead}/messages`, { method: 'POST', agent, headers }, (res) => {
      const { statusCode: status = 0, socket, headers: got } = res;
      let body = '';
      const told = (): Told => ({
        status,
        body,
        outcome: got['x-facade-outcome']?.toString(),
        idempotency: got['x-facade-idempotency']?.toString(),
        socket,
      });
      res.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => resolve(told()));
      res.on('error', reject);
    });
    req.on('error', reject).end(JSON.stringify({ message: TEXT }));
  });
}
const keyOf = (lead: string): string => `8e03978e-40d5-43e8-bc93-6894a57f9324-${lead}`;

function newAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  opened.keep({ close: () => agent.destroy() });
  return agent;
}

let warmUps = 0;
async function start(workers: number): Promise<Instance> {
  const process = opened.keep(
    startProcess({
      env: {
        DATABASE_URL: databaseUrl,
        C2S_BASE_URL: direct.url,
        C2S_GATEWAY_URL: gateway.url,
        ...(workers > 1 && { WORKERS: String(workers) }),
      },
      edit: (config) => {
        config.setIn(['server', 'unknownWrites'], { notArrivedAfter: '300ms' });
        setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.messages.create', ['verify', 'after'], '20ms');
        setRoute(config, 'leads.messages.create', ['breaker'], { enabled: false });
        // Above what this test takes on a slow machine: nothing of it may come of a deadline.
        setRoute(config, 'leads.messages.create', ['deadlines'], { firstByte: '90s', total: '90s' });
      },
    }),
  );
  return connected(process, workers);
}

/** Connections to all of its workers, each of which has its database. */
async function connected(process: FacadeProcess, workers: number): Promise<Instance> {
  const { url } = await process.ready();
  const write = (agent: Agent, lead: string, key = keyOf(lead)) => writeAt(url, agent, lead, key);
  const warmUp = (agent: Agent) => write(agent, ANSWERED, `warm-up-${warmUps++}`);
  const asked = async (agent: Agent) => (await warmUp(agent)).socket;
  const agents =
    workers > 1 ? await agentsOfWorkers(process, asked) : new Map([[process.child.pid as number, newAgent()]]);
  for (const agent of agents.values())
    await until(async () => (await warmUp(agent)).status === 200, 'its database is there', 30_000);
  return { process, agents, write };
}

/** Milliseconds. Who is answered no sooner was sent to the gateway, which holds its answer back. */
const SENT_AFTER_MS = 20_000;

/** What every worker of these instances says to the key of this lead. */
const allSay = async (instances: readonly Instance[], lead: string): Promise<Told[]> => {
  const told: Told[] = [];
  for (const { agents, write } of instances)
    for (const agent of agents.values()) told.push(await within(SENT_AFTER_MS, write(agent, lead)));
  return told;
};
const statuses = (told: readonly Told[]) => [...new Set(told.map(({ status }) => status))];

/** The database, as the test sees it and lets time pass in it. */
async function query<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query<T>(text).finally(() => client.end());
  return rows;
}
const states = async (): Promise<string[]> =>
  (
    await query<{ state: string }>(
      'select state from facade.unknown_writes order by (select string_agg(p, $$$$) from jsonb_array_elements_text(params) p)',
    )
  ).map(({ state }) => state);

type Killed = 'the process' | 'the primary and so its workers' | 'the worker';

describe.each<[Killed, number]>([
  ['the process', 1],
  ['the primary and so its workers', 2],
  ['the worker', 2],
])('%s that had the write is killed', (killed, workers) => {
  test('nothing is sent a second time before it is known what became of the first', { timeout: 120_000 }, async () => {
    const [first, other] = await Promise.all([start(workers), start(workers)]);
    heldAnswers = [];
    const [[pid, agent] = []] = first.agents;
    if (pid === undefined || !agent) throw new Error('no connection');
    // One connection carries one request at a time, and both must be with the one worker.
    const same = await anotherTo(first, pid);
    const hanging = [first.write(agent, ARRIVES).catch(() => 'cut'), first.write(same, IS_LOST).catch(() => 'cut')];
    await until(() => LEADS.every((lead) => sent(lead) === 1), 'the gateway has both', 30_000);

    // 1. It is under way.
    for (const lead of LEADS) expect(statuses(await allSay([other], lead))).toEqual([409]);
    process.kill(killed === 'the worker' ? pid : (first.process.child.pid as number), 'SIGKILL');
    expect(await Promise.all(hanging)).toEqual(['cut', 'cut']);
    const again = killed === 'the worker' ? await connected(first.process, workers) : await start(workers);
    const all = [other, again];
    expect([...again.agents.keys()]).not.toContain(pid);

    // 2. It was killed, and its time under way is not over.
    expect(await states()).toEqual(['under_way', 'under_way']);
    for (const lead of LEADS) expect(statuses(await allSay(all, lead)), lead).toEqual([409]);

    // 3. Its time is over, and it is looked for.
    heldReads = [];
    await query('update facade.unknown_writes set next_look_at = now()');
    const openOnes = async () => (await states()).filter((state) => state === 'open').length;
    await until(async () => (await openOnes()) === 2 && (heldReads?.length ?? 0) > 0, 'they are looked for', 20_000);
    for (const lead of LEADS) expect(statuses(await allSay(all, lead)), lead).toEqual([409]);
    for (const read of heldReads) read();
    heldReads = undefined;
    await until(async () => (await states()).join() === 'arrived,not_arrived', 'it is known of both', 30_000);
    expect(LEADS.map(sent)).toEqual([1, 1]);

    // 4. What arrived is told, and never sent again.
    for (const told of await allSay(all, ARRIVES))
      expect(told).toMatchObject({ status: 200, idempotency: 'replayed', body: '' });

    // 5. What did not is sent once, however many ask for it at once; then its answer is told.
    const asking = all.flatMap(({ agents, write }) => [...agents.values()].map((one) => write(one, IS_LOST)));
    await until(() => sent(IS_LOST) === 2, 'it is sent', 20_000);
    heldAnswers.forEach(answered);
    heldAnswers = undefined;
    const told = await Promise.all(asking);
    expect(told.filter(({ status, idempotency }) => status === 200 && idempotency === undefined)).toHaveLength(1);
    for (const one of told) if (one.status !== 200) expect(one).toMatchObject({ status: 409 });
    await until(async () => statuses(await allSay(all, IS_LOST)).join() === '200', 'its end is written down', 20_000);
    for (const one of await allSay(all, IS_LOST))
      expect(one).toMatchObject({ idempotency: 'replayed', body: '{"data":{"id":"m1"}}' });
    expect(LEADS.map(sent)).toEqual([1, 2]);
  });
});

/** Another connection to this process. */
async function anotherTo({ process, write }: Instance, pid: number): Promise<Agent> {
  let found: Agent | undefined;
  await until(async () => {
    const agent = newAgent();
    const { socket } = await write(agent, ANSWERED, `warm-up-${warmUps++}`);
    if (process.child.pid === pid || workerOf(process, socket) === pid) found = agent;
    return found !== undefined;
  }, 'it accepts another connection');
  return found as Agent;
}

describe('WORKERS=2', () => {
  const KEYS = 6;

  test('one key at both at once is one write', { timeout: 60_000 }, async () => {
    const { agents, write } = await start(2);
    heldAnswers = [];
    const [one, other] = [...agents.values()] as [Agent, Agent];
    for (let i = 0; i < KEYS; i++) {
      const lead = String(100 + i);
      const asking = [write(one, lead), write(other, lead)];
      // The other is refused while the one that was sent hangs.
      const refused = await Promise.race(asking);
      expect(refused).toMatchObject({ status: 409, outcome: 'idempotency_in_progress' });
      await until(() => heldAnswers?.length === 1, 'the gateway has it');
      heldAnswers.splice(0).forEach(answered);
      const told = await Promise.all(asking);
      expect(tally(told.map(({ status }) => status))).toEqual({ 200: 1, 409: 1 });
      for (const agent of agents.values()) {
        await until(async () => (await write(agent, lead)).status === 200, 'its end is written down');
        expect(await write(agent, lead)).toMatchObject({ idempotency: 'replayed', body: '{"data":{"id":"m1"}}' });
      }
      expect(sent(lead)).toBe(1);
    }
  });
});
