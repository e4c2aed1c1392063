import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SEED_LEAD_IDS, type Sandbox } from '../../../src/c2s/sandbox/index.ts';
import { seededRandom } from '../../../src/c2s/sandbox/random.ts';
import { addLeads, auth, enrichingEnv, eventOf, messagesOf, pushEvents } from './enrichment.ts';
import { setAll } from './facade.ts';
import { freeze, type Frozen } from './freeze.ts';
import { tally } from './load.ts';
import { startProcess, type FacadeProcess } from './process.ts';
import { startStoreProxy, type StoreProxy } from './store-proxy.ts';

/**
 * Three facades on one Postgres, each by way of a proxy of its own, while leads are pushed, routes are flipped and the
 * kill switch is set: and one after another they are killed, frozen, cut off from the database, and lose their sessions.
 * What must hold: every lead has one message; every flip and every switch that was answered serves within five seconds
 * on every instance that was left alone meanwhile, and nothing undoes it; no answer takes longer than five seconds.
 */

export interface StormOptions {
  readonly sandbox: Sandbox;
  readonly gatewayUrl: string;
  readonly databaseUrl: string;
  /** How often each of them happens, over all instances. */
  readonly kills: number;
  readonly freezes: number;
  readonly cuts: number;
  /** All sessions of all instances at once, by `pg_terminate_backend`. */
  readonly terminations: number;
  /** Shortest and longest of a freeze and of a cut. */
  readonly freezeMs: readonly [number, number];
  readonly cutMs: readonly [number, number];
  /** Leads that are pushed, spread over the storm. */
  readonly leads: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface StormReport {
  /** Leads by the number of their messages: `{ 1: leads }` is right. */
  readonly messages: Record<string, number>;
  readonly answeredFlips: number;
  readonly answeredSwitches: number;
  /** Orders that no instance answered with success. */
  readonly refused: number;
  /** What did not hold, each in a sentence. */
  readonly broken: readonly string[];
}

const INSTANCES = 3;
/** Within it an answered order serves everywhere, and every order is answered. */
const PROMISE_MS = 5_000;
/** For this process, which is busy with three facades on the same machine. */
const SLACK_MS = 1_500;
const CALM_TIMEOUT_MS = 300_000;

export async function runStoreStorm(options: StormOptions): Promise<StormReport> {
  const storm = new Storm(options);
  try {
    await storm.start();
    await storm.rage();
    return await storm.calm();
  } finally {
    await storm.close();
  }
}

/** One of the three: a process that is started again when it was killed. */
class Instance {
  readonly name: string;
  readonly proxy: StoreProxy;
  readonly #start: (databaseUrl: string) => FacadeProcess;
  #process: FacadeProcess | undefined;
  url = '';
  adminUrl = '';
  /** Counts what was done to it; the same number before and after means that it was left alone. */
  disturbances = 0;
  isDisturbed = true;

  constructor(name: string, proxy: StoreProxy, start: (databaseUrl: string) => FacadeProcess) {
    this.name = name;
    this.proxy = proxy;
    this.#start = start;
  }

  get process(): FacadeProcess {
    if (!this.#process) throw new Error(`${this.name} was never started`);
    return this.#process;
  }

  async start(): Promise<void> {
    this.#process = this.#start(this.proxy.url);
    Object.assign(this, await this.#process.ready());
    await this.settled();
  }

  /** It has heard from the database, and enriches. */
  async settled(): Promise<void> {
    const until = performance.now() + 90_000;
    while (performance.now() < until) {
      const ready = await statusOf(`${this.adminUrl}/readyz`, {});
      const push = await statusOf(`${this.url}/api/v1/c2s/enrich/none`, { method: 'POST', headers: auth });
      if (ready === 200 && push !== undefined && push !== 503) {
        this.isDisturbed = false;
        return;
      }
      await sleep(100);
    }
    throw new Error(`${this.name} does not come back: ${this.process.stdout().slice(-2_000)}${this.process.stderr()}`);
  }

  /** Marks what is done to it from here to its end. */
  async disturb(work: () => Promise<void>): Promise<void> {
    this.disturbances++;
    this.isDisturbed = true;
    await work();
    this.disturbances++;
  }

  async close(): Promise<void> {
    await this.#process?.close();
    await this.proxy.close();
  }
}

class Storm {
  readonly #options: StormOptions;
  readonly #random: () => number;
  readonly #instances: Instance[] = [];
  readonly #admin: pg.Client;
  readonly #leadIds: string[];
  readonly #broken: string[] = [];
  readonly #began = performance.now();
  #isOver = false;
  #answeredFlips = 0;
  #answeredSwitches = 0;
  #refused = 0;
  /** Instances that are terminated all at once must not be checked meanwhile. */
  #frozen = new Set<Frozen>();

  constructor(options: StormOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#admin = new pg.Client(options.databaseUrl);
    this.#leadIds = addLeads(options.sandbox, options.leads);
  }

  async start(): Promise<void> {
    const { sandbox, gatewayUrl, databaseUrl } = this.#options;
    await this.#admin.connect();
    for (let n = 0; n < INSTANCES; n++) {
      const start = (url: string): FacadeProcess =>
        startProcess({
          env: {
            ...enrichingEnv(sandbox, url),
            C2S_BASE_URL: sandbox.c2s.url,
            C2S_GATEWAY_URL: gatewayUrl,
            DRAIN_DELAY: '0s',
          },
          edit(config) {
            setAll(config, 0);
            // The look-ups cost nothing here; settle and every other time are those of production.
            config.setIn(['enrichment', 'workApi', 'pace'], '0ms');
            config.setIn(['enrichment', 'window'], '1ms');
          },
        });
      this.#instances.push(new Instance(`instance ${n + 1}`, await startStoreProxy(databaseUrl), start));
    }
    // One after the other: the first makes the tables.
    for (const instance of this.#instances) await instance.start();
  }

  /** Everything at once, until each instance has had its part. */
  async rage(): Promise<void> {
    const { kills, freezes, cuts, terminations } = this.#options;
    const acts = shuffled(
      [
        ...Array.from({ length: kills }, () => 'kill' as const),
        ...Array.from({ length: freezes }, () => 'freeze' as const),
        ...Array.from({ length: cuts }, () => 'cut' as const),
        ...Array.from({ length: terminations }, () => 'terminate' as const),
      ],
      this.#random,
    );
    let done = 0;
    const next = (): (typeof acts)[number] | undefined => acts[done++];
    const raging = Promise.all(
      this.#instances.map(async (instance) => {
        for (let act = next(); act; act = next()) {
          await this.#act(instance, act);
          this.#say(`${done} of ${acts.length}: ${act} of ${instance.name} is over`);
          await sleep(300 + this.#random() * 2_700);
        }
      }),
    ).finally(() => (this.#isOver = true));
    await Promise.all([raging, this.#push(() => done / acts.length), this.#steer()]);
  }

  /** The storm is over: everything that was begun must end, and then nothing may come. */
  async calm(): Promise<StormReport> {
    const counts = (): Record<string, number> => tally(this.#leadIds.map((id) => this.#messagesOf(id)));
    const until = performance.now() + CALM_TIMEOUT_MS;
    const underWay = async (): Promise<number> => {
      const { rows } = await this.#admin.query<{ n: number }>(
        `select count(*)::int as n from facade.enrichments where state in ('queued', 'running')`,
      );
      return rows[0]?.n ?? 0;
    };
    while (performance.now() < until && (counts()['0'] !== undefined || (await underWay()) > 0)) await sleep(500);
    const left = await underWay();
    if (left > 0) this.#broken.push(`${left} enrichments are still under way after ${CALM_TIMEOUT_MS / 1_000} s`);
    return {
      messages: counts(),
      answeredFlips: this.#answeredFlips,
      answeredSwitches: this.#answeredSwitches,
      refused: this.#refused,
      broken: this.#broken,
    };
  }

  async close(): Promise<void> {
    for (const frozen of this.#frozen) frozen.thaw();
    await Promise.all(this.#instances.map((instance) => instance.close()));
    await this.#admin.end();
  }

  #messagesOf(leadId: string): number {
    return messagesOf(this.#options.sandbox, leadId).length;
  }

  async #act(instance: Instance, act: 'kill' | 'freeze' | 'cut' | 'terminate'): Promise<void> {
    const { freezeMs, cutMs } = this.#options;
    const between = ([least, most]: readonly [number, number]): number => least + this.#random() * (most - least);
    if (act === 'terminate') return this.#terminate();
    await instance.disturb(async () => {
      if (act === 'kill') {
        instance.process.child.kill('SIGKILL');
        await instance.process.close();
        return instance.start();
      }
      if (act === 'freeze') {
        const frozen = await freeze(instance.process.child);
        this.#frozen.add(frozen);
        await sleep(between(freezeMs));
        frozen.thaw();
        this.#frozen.delete(frozen);
      } else {
        await instance.proxy.cut();
        await sleep(between(cutMs));
        await instance.proxy.pass();
      }
      await instance.settled();
    });
  }

  /** No disturbance: whoever lost its sessions has new ones within the time of the promise. */
  async #terminate(): Promise<void> {
    await this.#admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
  }

  /** As Contact2Sale does: what was not answered with success is pushed again, to whoever is there. */
  async #push(progress: () => number): Promise<void> {
    const total = this.#leadIds.length;
    for (let at = 0; at < total;) {
      const due = this.#isOver ? total : Math.min(total, Math.ceil(progress() * total));
      const batch = this.#leadIds.slice(at, Math.min(due, at + 3));
      const instance = this.#pick(this.#instances);
      const answer =
        batch.length === 0
          ? undefined
          : await pushEvents(
              instance.url,
              batch.map((id) => eventOf(id)),
              {},
            ).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.ok) at += batch.length;
      await sleep(60);
    }
  }

  /** Flips and switches, one after another; what was answered is looked at on every instance that is left alone. */
  async #steer(): Promise<void> {
    let percent = 0;
    while (!this.#isOver) {
      percent = 100 - percent;
      const flipped = await this.#order('POST', 'flips', {
        changes: [{ route: 'leads.get', set: { gateway: percent } }],
        // Nothing was compared here.
        force: true,
        why: 'a storm',
      });
      const path = percent === 100 ? 'gateway' : 'direct';
      if (!flipped) continue;
      this.#answeredFlips++;
      await this.#mustServe(path, `a flip to ${percent} % that ${flipped} answered`);
      if (this.#random() < 0.5) await this.#switchOnAndOff(path);
    }
  }

  async #switchOnAndOff(path: string): Promise<void> {
    const on = await this.#order('PUT', 'kill-switch', {});
    if (on) {
      this.#answeredSwitches++;
      await this.#mustServe('direct', `the kill switch that ${on} answered`);
    }
    // One that was refused, or is in a file until the database has it, may be on all the same.
    for (;;) {
      const off = await this.#order('DELETE', 'kill-switch', {});
      if (off) {
        this.#answeredSwitches++;
        return this.#mustServe(path, `the end of the kill switch that ${off} answered`);
      }
    }
  }

  /** Asks one that is left alone now. @returns its name when it answered that it is done and kept. */
  async #order(method: string, path: string, body: object): Promise<string | undefined> {
    const free = this.#instances.filter(({ isDisturbed }) => !isDisturbed);
    if (free.length === 0) return void (await sleep(50));
    const instance = this.#pick(free);
    const { disturbances } = instance;
    const began = performance.now();
    try {
      const answer = await fetch(`${instance.adminUrl}/api/${path}`, {
        method,
        headers: { 'x-c2s-admin': 'cli', 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      const told = (await answer.json()) as { on?: boolean; recorded?: boolean; detail?: string };
      const isDone = told.on === undefined || told.on === (method === 'PUT');
      if (answer.ok && isDone && told.recorded !== false) return instance.name;
      this.#refused++;
      this.#say(`${instance.name}: ${method} ${path} → ${answer.status} ${told.detail ?? JSON.stringify(told)}`);
    } catch (error) {
      // Killed or frozen while it was asked.
      this.#refused++;
      if (instance.disturbances === disturbances)
        this.#broken.push(`${instance.name}: ${method} ${path}: ${String(error)}`);
    } finally {
      const ms = performance.now() - began;
      if (ms > PROMISE_MS + SLACK_MS && instance.disturbances === disturbances)
        this.#broken.push(`${instance.name}: ${method} ${path} was answered after ${Math.round(ms)} ms`);
    }
    return undefined;
  }

  /** Each instance that is left alone until then serves by `path` within the promise. */
  async #mustServe(path: string, why: string): Promise<void> {
    const began = performance.now();
    await Promise.all(
      this.#instances.map(async (instance) => {
        const { disturbances, isDisturbed } = instance;
        const isLeftAlone = (): boolean => !isDisturbed && instance.disturbances === disturbances;
        let seen: string | undefined;
        while (isLeftAlone() && performance.now() - began < PROMISE_MS + SLACK_MS) {
          seen = await pathOf(instance);
          if (seen === path) return;
          await sleep(50);
        }
        if (!isLeftAlone()) return;
        const ms = Math.round(performance.now() - began);
        this.#broken.push(`${instance.name} serves by ${seen} ${ms} ms after ${why}: ${await stateOf(instance)}`);
        this.#say(this.#broken.at(-1) ?? '');
      }),
    );
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  #say(line: string): void {
    this.#options.say?.(`${((performance.now() - this.#began) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  }
}

/** Undefined: it did not answer, or not whole. */
async function statusOf(url: string, init: RequestInit): Promise<number | undefined> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return undefined;
  }
}

async function pathOf({ url }: Instance): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/leads/${SEED_LEAD_IDS[0]}`, {
      headers: auth,
      signal: AbortSignal.timeout(3_000),
    });
    await answer.arrayBuffer();
    return answer.headers.get('x-facade-path') ?? undefined;
  } catch {
    return undefined;
  }
}

/** What it says of itself, for a report of what did not hold. */
async function stateOf({ adminUrl }: Instance): Promise<string> {
  const ask = async (path: string): Promise<string> =>
    (await fetch(`${adminUrl}${path}`, { signal: AbortSignal.timeout(3_000) })).text();
  try {
    const [ready, routes] = [await ask('/readyz'), await ask('/api/routes?id=leads.get')];
    const { routes: list } = JSON.parse(routes) as { routes: { id: string }[] };
    return `${ready} ${JSON.stringify(list.find(({ id }) => id === 'leads.get'))}`;
  } catch (error) {
    return String(error);
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => [random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one);
}
