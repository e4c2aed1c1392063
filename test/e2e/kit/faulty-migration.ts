import { Pool } from 'undici';
import { startGateway } from '../../../src/c2s/gateway/index.ts';
import { SEED_LEAD_IDS, startContact2Sale } from '../../../src/c2s/sandbox/index.ts';
import { Observer } from '../../../src/facade/compare/observer.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './facade.ts';
import { FakeCalendar } from './fake-calendar.ts';
import { startFaultyGateway } from './faulty-gateway.ts';
import { NOTIFY_SECRET, startHook, type Hook } from './hook.ts';
import type { Opened } from './load.ts';
import { inBatches } from './load.ts';
import { startUpstream, until } from './upstream.ts';

/**
 * One route that is on its way to the gateway, one write that is there, and what can go wrong beside them: a gateway that
 * dies, a token that expires, a database that is gone for a time, a legacy API that changes for good. Whoever asks
 * writes down each answer, and days pass by the calendar.
 */

export const READ = 'leads.get';
export const WRITE = 'leads.messages.create';
/** A caller with a token of its own, which Contact2Sale knows and the facade does not. */
const OWN_TOKEN = 'token-of-a-caller-of-contact2sale';
const LEADS = SEED_LEAD_IDS.slice(0, 12);
const STEP_MS = 5_000;

export interface Asked {
  readonly who: 'known' | 'own token';
  readonly what: 'read' | 'write';
  readonly path: string;
  readonly status: number;
}

export class FaultyMigration {
  readonly calendar: FakeCalendar;
  readonly facade: TestFacade;
  readonly gateway: Awaited<ReturnType<typeof startFaultyGateway>>;
  readonly hook: Hook;
  readonly legacy: Legacy;
  readonly #pool: Pool;
  readonly #timeline: string[] = [];
  readonly #texts: { readonly lead: string; readonly text: string }[] = [];
  #asked: Asked[] = [];

  constructor(parts: Pick<FaultyMigration, 'calendar' | 'facade' | 'gateway' | 'hook' | 'legacy'>) {
    ({
      calendar: this.calendar,
      facade: this.facade,
      gateway: this.gateway,
      hook: this.hook,
      legacy: this.legacy,
    } = parts);
    this.#pool = new Pool(this.facade.url, { connections: 16 });
  }

  /** Lets so many minutes pass under traffic. @returns what was answered in them. */
  async minutes(count: number, phase: string): Promise<Asked[]> {
    this.#asked = [];
    const end = this.calendar.now() + count * 60_000;
    while (this.calendar.now() < end) await this.#step();
    const bad = this.#asked.filter(({ status }) => status >= 400).length;
    this.note(`${phase}: ${this.#asked.length} requests, ${bad} of them failed`);
    return this.#asked;
  }

  note(text: string): void {
    this.#timeline.push(`${new Date(this.calendar.now()).toISOString().slice(11, 19)}  ${text}`);
  }

  /** What happened when, and what the facade told: for a test that fails. */
  timeline(): string {
    const told = this.hook.told.map(({ at, text }) => `${at.slice(11, 19)}  told: ${text}`);
    return [...this.#timeline, ...told].sort().join('\n');
  }

  /** How often each message that was answered with success stands at Contact2Sale. */
  copies(): number[] {
    return this.#texts.map(
      ({ lead, text }) =>
        this.legacy.crm.crm.leads.get(lead)?.attributes.messages.filter(({ body }) => body === text).length ?? 0,
    );
  }

  async admin<T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> {
    const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
    const sent = body ? { body: JSON.stringify(body) } : {};
    const answer = await fetch(`${this.facade.adminUrl}/api/${path}`, { method, headers, ...sent });
    return { status: answer.status, body: (await answer.json()) as T };
  }

  readonly close = (): Promise<void> => this.#pool.destroy();

  async #step(): Promise<void> {
    await inBatches(LEADS.length, 12, (i) => this.#read('known', LEADS[i] ?? ''));
    await this.#read('own token', LEADS[0] ?? '');
    const { shadowSink } = this.facade.dataPlane;
    if (!(shadowSink instanceof Observer)) throw new Error('nothing is compared');
    do await new Promise(setImmediate);
    while (shadowSink.pending > 0);
    // After the copies of the reads: no write falls between an answer and its copy.
    await this.#write();
    await this.calendar.advance(STEP_MS);
  }

  async #read(who: Asked['who'], lead: string): Promise<void> {
    const authorization = `Bearer ${who === 'known' ? FACADE_TOKEN : OWN_TOKEN}`;
    const answer = await this.#pool.request({
      method: 'GET',
      path: `/integration/leads/${lead}`,
      headers: { authorization },
    });
    const text = await answer.body.text();
    // An answer is right when it is that lead.
    const status = answer.statusCode === 200 && !text.includes(lead) ? 599 : answer.statusCode;
    this.#asked.push({ who, what: 'read', path: String(answer.headers['x-facade-path']), status });
  }

  async #write(): Promise<void> {
    const lead = LEADS[this.#texts.length % LEADS.length] ?? '';
    const text = `Mensagem número ${this.#texts.length}`;
    const answer = await this.#pool.request({
      method: 'POST',
      path: `/integration/leads/${lead}/create_message`,
      headers: { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ leadId: lead, body: text, type: 'note' }),
    });
    await answer.body.dump();
    if (answer.statusCode < 300) this.#texts.push({ lead, text });
    this.#asked.push({
      who: 'known',
      what: 'write',
      path: String(answer.headers['x-facade-path']),
      status: answer.statusCode,
    });
  }
}

/** Contact2Sale behind a front that judges tokens, and changes what it answers when it is told to. */
export interface Legacy {
  readonly url: string;
  readonly crm: Awaited<ReturnType<typeof startContact2Sale>>;
  /** The facade's own token is not accepted any more; with false it is again. */
  expire(isExpired: boolean): void;
  /** From now on a lead's description is called `details`. */
  changeField(): void;
  close(): Promise<void>;
}

async function startLegacy(opened: Opened): Promise<Legacy> {
  const crm = opened.keep(await startContact2Sale({ token: C2S_TOKEN }));
  const pool = new Pool(crm.url, { connections: 32 });
  opened.keep({ close: () => pool.destroy() });
  const accepted = new Set([`Bearer ${C2S_TOKEN}`, `Bearer ${OWN_TOKEN}`]);
  let isChanged = false;
  const front = await startUpstream(({ method, url, headers, body }, res) => {
    const json = { 'content-type': 'application/json' };
    if (!accepted.has(headers.authorization ?? ''))
      return void res.writeHead(401, json).end('{"error":"Unauthorized"}');
    const asked = { method, path: url, headers: { ...json, authorization: `Bearer ${C2S_TOKEN}` }, body: body || null };
    pool
      .request({ ...asked, method: method })
      .then(async ({ statusCode, body: answer }) => {
        const text = await answer.text();
        res.writeHead(statusCode, json).end(isChanged ? text.replaceAll('"description":', '"details":') : text);
      })
      .catch(() => res.destroy());
  });
  return {
    url: front.url,
    crm,
    expire: (isExpired) => void accepted[isExpired ? 'delete' : 'add'](`Bearer ${C2S_TOKEN}`),
    changeField: () => void (isChanged = true),
    close: () => front.close(),
  };
}

const AUTOPILOT = {
  mode: 'apply',
  steps: [50, 100],
  hold: '12h',
  minRequests: 10,
  gates: { parity: 0.9, errorRateDelta: 0.05, latencyP95Ratio: 100, latencyFloor: '1s' },
};

export async function startFaultyMigration(opened: Opened, databaseUrl: string): Promise<FaultyMigration> {
  // The database has a clock of its own, by which what is told of a flip falls due: the calendar never runs behind it.
  const calendar = new FakeCalendar(Date.now());
  const legacy = opened.keep(await startLegacy(opened));
  const truth = opened.keep(await startGateway({ c2sBaseUrl: legacy.crm.url, c2sToken: C2S_TOKEN, port: 0 }));
  const gateway = opened.keep(await startFaultyGateway(truth.url));
  const hook = opened.keep(await startHook());
  const facade = opened.keep(
    await startFacade({
      direct: legacy.url,
      gateway: gateway.url,
      env: { DATABASE_URL: databaseUrl, NOTIFY_SECRET },
      logLevel: 'warn',
      pace: { calendar, autopilotEvery: 30_000 },
      edit: (config) => {
        config.setIn(['notify'], config.createNode([{ url: hook.url }]));
        config.setIn(['compare', 'minSamples'], 30);
        config.setIn(['compare', 'ready'], config.createNode({ parity: 0.9, latencyP95Ratio: 100 }));
        config.setIn(['compare', 'window'], '30m');
        setRoute(config, READ, ['rollout'], { gateway: 50, shadow: 100, stickyBy: 'leadId', fallback: 'direct' });
        setRoute(config, READ, ['autopilot'], AUTOPILOT);
        setRoute(config, WRITE, ['rollout', 'gateway'], 100);
        setRoute(config, WRITE, ['verify', 'sample'], 100);
        setRoute(config, WRITE, ['verify', 'after'], '0s');
        for (const id of [READ, WRITE])
          setRoute(config, id, ['breaker'], {
            window: '1s',
            volumeThreshold: 3,
            errorRate: 0.05,
            reset: '300ms',
            rampStep: '0s',
          });
      },
    }),
  );
  await until(async () => (await facade.metric('facade_store_up')) === 1, 'the database is there', 15_000);
  return opened.keep(new FaultyMigration({ calendar, legacy, gateway, hook, facade }));
}
