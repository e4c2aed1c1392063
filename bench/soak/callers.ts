import { Agent, request } from 'node:http';
import { CALLER_TOKEN, LEAD_IDS, leadPath } from '../kit/exchange.ts';

/** Callers at a moderate, steady rate: four reads for each write, and every write is one of its kind. */

export interface Failure {
  /** Milliseconds of the run. */
  readonly began: number;
  readonly ended: number;
  readonly what: string;
}

export interface Tally {
  asked: number;
  answered: number;
  readonly failures: Failure[];
  /** Numbers of the writes that were answered with success. */
  readonly written: string[];
}

/** Of the requests of the run. */
const WRITE_EVERY = 5;
/** A failure beyond these is counted, and not described. */
const MOST_DESCRIBED = 10_000;

export class Callers {
  readonly #port: number;
  readonly #now: () => number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 60_000 });
  readonly #underWay = new Set<Promise<void>>();
  readonly tally: Tally = { asked: 0, answered: 0, failures: [], written: [] };
  #timer: NodeJS.Timeout | undefined;

  readonly #name: string;

  /** @param name tells their writes from those of others. @param now milliseconds of the run. */
  constructor(name: string, port: number, now: () => number) {
    this.#name = name;
    this.#port = port;
    this.#now = now;
  }

  begin(perSecond: number): void {
    const began = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const wanted = ((performance.now() - began) * perSecond) / 1_000;
      // What a busy machine could not send in time is left out: a burst afterwards would be another test.
      due = Math.max(due, wanted - perSecond / 10);
      for (; due < wanted; due++) this.#askOne();
    }, 10);
  }

  /** Resolves when the last one is answered. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#agent.destroy();
  }

  #askOne(): void {
    const one = this.#ask(this.tally.asked++).finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }

  async #ask(i: number): Promise<void> {
    const began = this.#now();
    const number = i % WRITE_EVERY === 0 ? `${this.#name}${i}` : undefined;
    const what = await this.#exchange(i, number);
    this.tally.answered++;
    if (what !== undefined && this.tally.failures.length < MOST_DESCRIBED) {
      this.tally.failures.push({ began, ended: this.#now(), what });
    }
  }

  /** @returns what the caller saw fail. */
  #exchange(i: number, number: string | undefined): Promise<string | undefined> {
    const lead = leadPath(LEAD_IDS[i % LEAD_IDS.length] as string);
    const body = number === undefined ? undefined : JSON.stringify({ body: `soak-${number}` });
    const headers = { authorization: `Bearer ${CALLER_TOKEN}`, ...(body && JSON_OF(body)) };
    const path = body === undefined ? lead : `${lead}/create_message`;
    return new Promise((resolve) => {
      const req = request(
        { port: this.#port, host: '127.0.0.1', agent: this.#agent, method: body ? 'POST' : 'GET', path, headers },
        (res) => {
          const { statusCode = 0 } = res;
          const outcome = String(res.headers['x-facade-outcome'] ?? 'no outcome');
          if (number !== undefined && statusCode < 300) this.tally.written.push(number);
          res.on('error', (error) => resolve(`cut: ${error.message}`));
          res.resume().on('end', () => resolve(statusCode < 300 ? undefined : `${statusCode} ${outcome}`));
        },
      );
      req.on('error', (error: Error & { code?: string }) => resolve(`the facade itself: ${error.code ?? error.name}`));
      req.end(body);
    });
  }
}

const JSON_OF = (body: string) => ({ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
