import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { SEED_QUEUE_IDS, SEED_TAG_IDS } from './seed.ts';

/**
 * `npm start -- --traffic`: what the programs of a company ask of their CRM, in believable shares, until it is stopped. Plots,
 * shadows and small shares of the gateway have something to show a minute after the start.
 */

export interface Caller {
  readonly token: string;
  /** Share of the traffic, 0..1. */
  readonly share: number;
}

/** Not secrets: they open nothing but invented data on loopback. */
export const TRAFFIC_CALLERS: readonly Caller[] = [
  { token: 'sandbox-website-token', share: 0.45 },
  { token: 'sandbox-call-center-token', share: 0.3 },
  { token: 'sandbox-dashboard-token', share: 0.2 },
  { token: 'sandbox-make-com-token', share: 0.05 },
];

/** Requests a second, on average. A lead in ten minutes has a message or two. */
const PER_SECOND = 40;
/** Leads that are worked on at a time: enough that 1 % of them are some. */
const WORKING_SET = 400;
const TIMEOUT_MS = 10_000;
/** Share of the reads of a lead that ask for one that is not there. */
const UNKNOWN_LEADS = 0.01;

interface PlannedRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: object;
}

interface Pick {
  lead(): string;
  /** One of them, each as likely. */
  of<T>(list: readonly [T, ...T[]]): T;
}

interface Operation {
  /** Id of its route. */
  readonly id: string;
  /** Of all requests, in percent. */
  readonly share: number;
  plan(pick: Pick): PlannedRequest;
}

const get = (path: string): PlannedRequest => ({ method: 'GET', path });
const post = (path: string, body: object): PlannedRequest => ({ method: 'POST', path, body });
const LEADS = '/integration/leads';
const TEXTS = [
  'Ligar amanhã cedo',
  'Cliente pediu a planta',
  'Visita confirmada',
  'Sem resposta, tentar à tarde',
] as const;

/** Reads before writes, as with every CRM: 87 to 13. */
export const TRAFFIC: readonly Operation[] = [
  { id: 'leads.get', share: 42, plan: (pick) => get(`${LEADS}/${pick.lead()}`) },
  { id: 'leads.list', share: 14, plan: (pick) => get(`${LEADS}?page=${pick.of([1, 1, 1, 2, 3])}&perpage=10`) },
  { id: 'leads.tags.list', share: 10, plan: (pick) => get(`${LEADS}/${pick.lead()}/tags`) },
  { id: 'sellers.list', share: 6, plan: () => get('/integration/sellers') },
  { id: 'tags.list', share: 5, plan: () => get('/integration/tags') },
  { id: 'company.me', share: 4, plan: () => get('/integration/me') },
  { id: 'queues.list', share: 3, plan: () => get('/integration/distribution_queues') },
  {
    id: 'queues.sellers',
    share: 3,
    plan: (pick) => get(`/integration/distribution_queues/${pick.of(SEED_QUEUE_IDS)}/sellers`),
  },
  {
    id: 'leads.messages.create',
    share: 5,
    plan: (pick) => post(`${LEADS}/${pick.lead()}/create_message`, { body: pick.of(TEXTS) }),
  },
  {
    id: 'leads.update',
    share: 3,
    plan: (pick) => ({ method: 'PATCH', path: `${LEADS}/${pick.lead()}`, body: { description: pick.of(TEXTS) } }),
  },
  {
    id: 'leads.tags.add',
    share: 2,
    plan: (pick) => post(`${LEADS}/${pick.lead()}/create_tag`, { tag_id: pick.of(SEED_TAG_IDS) }),
  },
  { id: 'leads.interacted', share: 1, plan: (pick) => post(`${LEADS}/${pick.lead()}/mark_as_interacted`, {}) },
  { id: 'leads.create', share: 2, plan: () => post(LEADS, newLead('Novo contato')) },
];

const newLead = (name: string): object => ({
  customer: name,
  source: 'Site',
  description: 'Interesse em Casa Vila Nova',
});

/** Picks by share. @param random 0 ≤ n < 1. */
export function byShare<T extends { readonly share: number }>(list: readonly T[], random: () => number): T {
  const total = list.reduce((sum, { share }) => sum + share, 0);
  let left = random() * total;
  const found = list.find(({ share }) => (left -= share) < 0) ?? list.at(-1);
  if (!found) throw new RangeError('nothing to pick from');
  return found;
}

const createdSchema = z.object({ data: z.object({ id: z.string() }) });

interface TrafficOptions {
  /** Base URL of the facade. */
  readonly url: string;
  /** Where leads are made before the first request: Contact2Sale's stand-in, so that they are no traffic. */
  readonly c2s: { readonly url: string; readonly token: string };
  readonly random?: () => number;
  /** Default: 40. */
  readonly perSecond?: number;
}

export interface Traffic {
  /** Requests that were answered so far, by the id of the operation. */
  readonly answered: ReadonlyMap<string, number>;
  /** Ends it; what is under way is given up. */
  stop(): Promise<void>;
}

/** Makes the leads, and begins. */
export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const leads = await makeLeads(options.c2s);
  const running = new RunningTraffic(options, leads);
  running.start();
  return running;
}

async function makeLeads({ url, token }: TrafficOptions['c2s']): Promise<string[]> {
  const pool = new Pool(url, { connections: 8 });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const send = async (path: string, body: object): Promise<unknown> =>
    (await pool.request({ method: 'POST', path, headers, body: JSON.stringify(body) })).body.json();
  const make = async (i: number): Promise<string> => {
    const { id } = createdSchema.parse(await send(LEADS, newLead(`Contato ${i + 1}`))).data;
    if (i % 2 === 0) await send(`${LEADS}/${id}/create_tag`, { tag_id: SEED_TAG_IDS[i % SEED_TAG_IDS.length] });
    return id;
  };
  try {
    return await Promise.all(Array.from({ length: WORKING_SET }, (_, i) => make(i)));
  } finally {
    await pool.close();
  }
}

class RunningTraffic implements Traffic {
  readonly answered = new Map<string, number>();
  readonly #random: () => number;
  readonly #perSecond: number;
  readonly #pool: Pool;
  /** The newest; one that is made takes the place of the oldest, so that no lead grows for ever. */
  readonly #leads: string[];
  readonly #ending = new AbortController();
  readonly #pending = new Set<Promise<void>>();
  #loop: Promise<void> | undefined;

  constructor({ url, random = Math.random, perSecond = PER_SECOND }: TrafficOptions, leads: string[]) {
    this.#random = random;
    this.#perSecond = perSecond;
    this.#pool = new Pool(url, { connections: 64 });
    this.#leads = leads;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
    await Promise.all(this.#pending);
    await this.#pool.destroy();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const request = this.#send(byShare(TRAFFIC, this.#random)).finally(() => this.#pending.delete(request));
      this.#pending.add(request);
      // Arrivals of independent callers: the pauses between them are exponential.
      const pauseMs = (-Math.log(1 - this.#random()) * 1_000) / this.#perSecond;
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #send(operation: Operation): Promise<void> {
    const { method, path, body } = operation.plan({ lead: () => this.#lead(), of: (list) => this.#of(list) });
    const headers: Record<string, string> = {
      authorization: `Bearer ${byShare(TRAFFIC_CALLERS, this.#random).token}`,
      ...(body && { 'content-type': 'application/json' }),
    };
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const answer = await this.#pool.request({
        method,
        path,
        headers,
        body: body ? JSON.stringify(body) : null,
        signal,
      });
      const text = await answer.body.text();
      if (operation.id === 'leads.create' && answer.statusCode < 300) this.#keep(text);
      this.answered.set(operation.id, (this.answered.get(operation.id) ?? 0) + 1);
    } catch {
      // A facade that stops, or is too slow: its own metrics tell of that.
    }
  }

  #keep(text: string): void {
    const created = createdSchema.safeParse(JSON.parse(text));
    if (!created.success) return;
    this.#leads.shift();
    this.#leads.push(created.data.data.id);
  }

  #lead(): string {
    if (this.#random() < UNKNOWN_LEADS) return '0'.repeat(32);
    return this.#leads[Math.floor(this.#random() * this.#leads.length)] ?? '';
  }

  #of<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.#random() * list.length)] ?? list[0];
  }
}
