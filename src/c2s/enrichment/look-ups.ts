import { Refused } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import type { Actor, AuditEntry } from '../store/audit.ts';
import type { Person } from '../store/person.ts';
import { problemOf } from './answers.ts';
import { parseCpf, type Cpf } from './cpf.ts';
import type { FailureReason } from './enrichment.ts';
import { identify, subjectsOf, type Contacts } from './identify.ts';
import type { EnrichmentPorts } from './ports.ts';
import { askAbout } from './steps.ts';
import type { ModuleAnswer } from './work-api.ts';

/**
 * Look-ups that a caller waits for, without a lead: a module of Work API, and what is known of a person. Both stand in
 * the line of the enrichments for their turn at Work API, and few of them at once, so that they cannot hold it up; what
 * was answered within the window is not asked again. Nothing that was asked or answered is in a log or an error.
 */

export interface LookUpOptions extends Pick<EnrichmentPorts, 'diretrix' | 'workApi' | 'people' | 'pace'> {
  /** The number of this process; undefined while it has none. */
  readonly owner: () => number | undefined;
  /** Milliseconds. */
  readonly windowMs: () => number;
  /** What is stored of a person; undefined: nothing. */
  readonly stored: (cpf: Cpf) => Promise<Person | undefined>;
  /** Writes down that somebody is shown personal data; what cannot be recorded is not shown. */
  readonly record: (entry: AuditEntry) => Promise<void>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** A person, and who knew. */
export interface KnownPerson {
  readonly person: Person;
  readonly source: 'local_db' | 'work_api';
}

interface Asked {
  readonly at: number;
  readonly answer: Promise<ModuleAnswer>;
}

/** At once in this process, of all look-ups. */
const MAX_LOOK_UPS = 4;
/** Answers of modules that are kept for the window, in memory alone: a raw answer has no other place without DATA_KEY. */
const MAX_KEPT = 200;

const BUSY: Problem = {
  status: 503,
  kind: 'look-ups-busy',
  detail: 'Too many look-ups wait for their turn at Work API. Nothing was asked; try again later.',
  retryAfter: 5,
};
const NOBODY: Problem = {
  status: 404,
  kind: 'nobody-known',
  detail: 'Customer not found in database or Work API',
};

export class LookUps {
  readonly #options: LookUpOptions;
  /** By module and question, the oldest first. */
  readonly #asked = new Map<string, Asked>();
  #running = 0;

  constructor(options: LookUpOptions) {
    this.#options = options;
  }

  /** @throws Refused (503) when too many wait. @param name of the module: `cpf`, `telefone`. */
  async module(name: string, question: string, reader: Actor): Promise<ModuleAnswer> {
    const answer = await this.#module(name, question);
    if (answer.kind === 'body') await this.#shown('a module of Work API', reader);
    return answer;
  }

  #module(name: string, question: string): Promise<ModuleAnswer> {
    const { now, windowMs } = this.#options;
    const key = `${name} ${question}`;
    const at = now();
    for (const [old, one] of this.#asked) if (at - one.at >= windowMs()) this.#asked.delete(old);
    const before = this.#asked.get(key);
    if (before) return before.answer;
    const answer = this.#bounded(() => this.#askModule(name, question));
    this.#asked.set(key, { at, answer });
    const forget = (): void => void this.#asked.delete(key);
    // Only what was answered is kept.
    void answer.then(({ kind }) => kind !== 'body' && kind !== 'missing' && forget(), forget);
    for (const [oldest] of this.#asked) {
      if (this.#asked.size <= MAX_KEPT) break;
      this.#asked.delete(oldest);
    }
    return answer;
  }

  /** Drops what is kept of answers and questions, and what is being asked is not kept: a person was forgotten. */
  forget(): void {
    this.#asked.clear();
  }

  /**
   * Whoever is behind the CPF, or else behind the phone or the e-mail, as Diretrix has it.
   * @throws Refused 404: nobody is known; 502: a side did not answer; 503: too many wait.
   */
  async person(cpf: Cpf | undefined, contacts: Contacts, reader: Actor): Promise<KnownPerson> {
    const found = await this.#person(cpf, contacts);
    await this.#shown('a person', reader);
    return found;
  }

  #person(cpf: Cpf | undefined, contacts: Contacts): Promise<KnownPerson> {
    return this.#bounded(async () => {
      const who = cpf ?? (await this.#identify(contacts));
      const stored = await this.#options.stored(who);
      if (stored) return { person: stored, source: 'local_db' };
      const owner = this.#options.owner();
      if (owner === undefined) throw refused('internal');
      const answer = await askAbout(who, { ...this.#options, owner });
      if (answer.kind === 'again') throw refused(answer.reason);
      if (answer.kind !== 'found') throw new Refused(NOBODY);
      return { person: answer.person, source: 'work_api' };
    });
  }

  #shown(subject: string, reader: Actor): Promise<void> {
    return this.#options.record({ action: 'read', subject, people: 1, rows: 1, ...reader });
  }

  async #askModule(name: string, question: string): Promise<ModuleAnswer> {
    await this.#options.pace.turn();
    return this.#options.workApi.module(name, question);
  }

  async #identify(contacts: Contacts): Promise<Cpf> {
    const found = await identify(this.#options.diretrix, contacts);
    if (found.kind === 'cannot-say') throw refused(found.isTransient ? 'diretrix_unavailable' : 'diretrix_refused');
    const cpf = parseCpf(subjectsOf(found)[0]?.identity.cpf);
    if (cpf === undefined) throw new Refused(NOBODY);
    return cpf;
  }

  async #bounded<T>(run: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_LOOK_UPS) throw new Refused(BUSY);
    this.#running++;
    try {
      return await run();
    } finally {
      this.#running--;
    }
  }
}

const refused = (reason: FailureReason): Refused => new Refused(problemOf(reason, null));
