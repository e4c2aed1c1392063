import { Pool } from 'undici';
import { Observer } from '../../../src/facade/compare/observer.ts';
import { SEED_LEAD_IDS, seededRandom, type SandboxOperationId } from '../../../src/c2s/sandbox/index.ts';
import { EXAMPLES, TWO_SIDED } from './examples.ts';
import type { TestFacade } from './facade.ts';
import type { FakeCalendar } from './fake-calendar.ts';

/**
 * Traffic of every operation with two endpoints, in both dialects and from many callers, at 200 requests a second by the
 * calendar, which the requests themselves move on. They go out in rounds, each operation once: first the reads, whose
 * shadows are waited for, so that no write falls between an answer and its copy; then the writes.
 */

const isRead = ({ method }: { method: string }) => method === 'GET';
const READS = TWO_SIDED.filter(isRead);
// Unsubscribing is answered 404 where nobody is subscribed: it comes last.
const WRITES = TWO_SIDED.filter((operation) => !isRead(operation) && operation.id !== 'webhooks.unsubscribe');
const LAST = TWO_SIDED.filter(({ id }) => id === 'webhooks.unsubscribe');

/** Enough callers that a tenth of them are some. */
export const CALLERS = Array.from({ length: 200 }, (_, i) => `demo-caller-token-number-${i}`);
const REQUESTS_PER_SECOND = 200;
const leadOf = (n: number): string => SEED_LEAD_IDS[n % SEED_LEAD_IDS.length] ?? '';
const TEXTS = ['description', 'body', 'message'];

export class Replay {
  readonly #facade: TestFacade;
  readonly #calendar: FakeCalendar;
  readonly #pool: Pool;
  readonly #random = seededRandom(5);
  #rounds = 0;
  requests = 0;
  /** Answers that were no success, or none. */
  errors = 0;

  constructor(facade: TestFacade, calendar: FakeCalendar) {
    this.#facade = facade;
    this.#calendar = calendar;
    this.#pool = new Pool(facade.url, { connections: 32 });
  }

  async round(): Promise<void> {
    const round = this.#rounds++;
    await this.#send(READS, round);
    await this.#shadowsEnd();
    await this.#send(WRITES, round);
    await this.#send(LAST, round);
  }

  readonly close = (): Promise<void> => this.#pool.destroy();

  /** Each has a deadline of its own. */
  async #shadowsEnd(): Promise<void> {
    const { shadowSink } = this.#facade.dataPlane;
    if (!(shadowSink instanceof Observer)) throw new Error('nothing is compared');
    do await new Promise(setImmediate);
    while (shadowSink.pending > 0);
  }

  async #send(operations: readonly { readonly id: SandboxOperationId }[], round: number): Promise<void> {
    this.requests += operations.length;
    await Promise.all(operations.map(({ id }) => this.#ask(id, round)));
    await this.#calendar.advance((operations.length * 1_000) / REQUESTS_PER_SECOND);
  }

  async #ask(id: SandboxOperationId, round: number): Promise<void> {
    const caller = CALLERS[Math.floor(this.#random() * CALLERS.length)];
    const { method, path, body } = this.#question(id, round);
    const headers = { authorization: `Bearer ${caller}`, 'content-type': 'application/json' };
    try {
      const answer = await this.#pool.request({ method, path, headers, body });
      await answer.body.dump();
      if (answer.statusCode >= 300) this.errors++;
    } catch {
      this.errors++;
    }
  }

  /** The example of the operation, with another text in every round, of another lead. */
  #question(id: SandboxOperationId, round: number) {
    const dialect = round % 2 === 0 ? 'direct' : 'gateway';
    const { direct, gateway, query, params } = EXAMPLES[id];
    const endpoint = this.#facade.dataPlane.snapshot.entries.find(({ model }) => model.id === id)?.model[dialect][0];
    if (!endpoint) throw new Error(`${id} has no ${dialect} endpoint`);
    const lead = leadOf(round);
    const example: [string, unknown][] = Object.entries((dialect === 'gateway' ? gateway : undefined) ?? direct ?? {});
    const fields = example.map(([name, value]): [string, unknown] => {
      if (name === 'leadId') return [name, lead];
      // Another one: what is forwarded and redistributed at once is not found where it was forwarded to.
      if (name === 'lead_id') return [name, leadOf(round + 1)];
      return [name, TEXTS.includes(name) ? `${String(value)} ${round}` : value];
    });
    const param = endpoint.template.includes(':leadId') ? lead : (params ?? '');
    const path = endpoint.template.replace(/:\w+/, param) + (query ? `?${query}` : '');
    const method = endpoint.method as 'GET' | 'POST' | 'PUT' | 'PATCH';
    return { method, path, body: fields.length > 0 ? JSON.stringify(Object.fromEntries(fields)) : null };
  }
}
