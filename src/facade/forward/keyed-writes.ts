import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../http/log.ts';
import { codeOf } from '../../http/error-code.ts';
import { within } from '../../http/within.ts';
import { paramValue } from '../../http/percent.ts';
import { PASSTHROUGH } from '../rollout/compile.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';
import type { UnknownWrite } from '../store/unknown-write.ts';
import { AnswerKeeper } from './answer-keeper.ts';
import type { InboundRequest } from './exchange.ts';
import { DerivedKey, readIdempotencyKey, type KeptAnswer, type KeyedRequest } from './idempotency-key.ts';
import type { UnknownEnd, UnknownWriteSink } from './unknown-write-sink.ts';

/**
 * Writes with an Idempotency-Key: told what the first one came to, and never sent a second time within 24 hours.
 *
 * A row is written before anything is sent, together with a row of the unknown writes that is `under_way`. So whatever becomes
 * of this process, the next request with the key finds that one was sent; and when nobody writes down how it ended, it is
 * an unknown write, which the facade looks for as for every other.
 */

/** What the database knows of a key. */
export type FoundKey =
  /** No request had it, or what had it did not arrive: this one may be sent, and is noted as under way. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'answered'; readonly path: string; readonly status: number; readonly sealed: Buffer }
  | { readonly kind: 'mismatch' }
  /** Under way, or looked for. */
  | { readonly kind: 'in_progress' }
  | { readonly kind: 'arrived'; readonly path: string }
  | { readonly kind: 'unknown' };

/** Where keys are kept: one database for all instances. */
export interface KeyStore {
  claim(id: Buffer, fingerprint: Buffer, write: UnknownWrite): Promise<FoundKey>;
  /** Its answer is known. @param path that answered. */
  answered(id: Buffer, writeId: string, path: Path, status: number, sealed: Buffer): Promise<void>;
  /** Its end is not known. */
  unknown(write: UnknownWrite): Promise<void>;
  /** Nothing was done: the key is as if it had never come. */
  release(id: Buffer, writeId: string): Promise<void>;
}

/** What becomes of a request with a key. */
export type Admission =
  | { readonly kind: 'send'; readonly write: KeyedWrite }
  | { readonly kind: 'replay'; readonly path: string; readonly answer: KeptAnswer }
  | { readonly kind: 'refused'; readonly outcome: Outcome; readonly retryAfterMs?: number };

/** Milliseconds. A caller waits for the database no longer. */
const CLAIM_TIMEOUT_MS = 3_000;
const RETRY_AFTER_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** Between two tries to write down an end: four minutes in all. */
const END_PAUSES_MS = [0, 1_000, 5_000, 15_000, 60_000, 160_000];

/**
 * The upstream refused the caller or put it off, before it did anything: the same request may succeed later, and its key
 * must not stand in its way. Statuses as RFC 9110 and RFC 6585 define them.
 */
const NOTHING_DONE: ReadonlySet<number> = new Set([401, 403, 408, 425, 429]);

type Pause = (ms: number) => Promise<void>;
/** Keeps no process alive. */
const UNHELD: Pause = (ms) => sleep(ms, undefined, { ref: false });

export class KeyedWrites {
  readonly #sink: UnknownWriteSink;
  readonly #log: Logger;
  readonly #pause: Pause;
  #store: KeyStore | undefined;
  /** Being written down. */
  readonly #ends = new Set<Promise<void>>();

  /** @param pause between two tries to write down an end; milliseconds. */
  constructor(sink: UnknownWriteSink, log: Logger, pause: Pause = UNHELD) {
    this.#sink = sink;
    this.#log = log;
    this.#pause = pause;
  }

  attach(store: KeyStore): void {
    this.#store = store;
  }

  /** The process ends: what is known of its last writes is written down while the database is there, for a bounded time. */
  async close(): Promise<void> {
    await within(CLOSE_TIMEOUT_MS, Promise.all(this.#ends)).catch(() => undefined);
  }

  /** @param body whole; undefined: the request has none. Never rejects. */
  async admit(asked: InboundRequest, body: Buffer | undefined): Promise<Admission> {
    const { req, caller } = asked;
    const key = readIdempotencyKey(req.rawHeaders);
    if (key === undefined || !caller) return { kind: 'refused', outcome: 'idempotency_malformed' };
    const store = this.#store;
    if (!store) return UNAVAILABLE;
    let claiming: Promise<FoundKey> | undefined;
    let keyed: KeyedWrite | undefined;
    try {
      const derived = new DerivedKey(key, caller.id);
      const fingerprint = derived.fingerprint(keyedRequest(asked), body);
      const write = this.#sink.describe(asked, body);
      const own = { sink: this.#sink, log: this.#log, pause: this.#pause, ends: this.#ends };
      keyed = new KeyedWrite({ store, derived, write, asked, ...own });
      claiming = store.claim(derived.id, fingerprint, write);
      return admissionOf(await within(CLAIM_TIMEOUT_MS, claiming), derived, keyed, asked);
    } catch (error) {
      this.#log.warn(
        { code: codeOf(error) },
        'a write with an Idempotency-Key was refused: what the database has of it cannot be read',
      );
      // It may be written down all the same, and nothing was sent.
      void claiming?.then(({ kind }) => kind === 'claimed' && keyed?.release()).catch(() => undefined);
      return UNAVAILABLE;
    }
  }
}

/** A slash at the end, or an escape that need not be one, makes no other write of it. */
function keyedRequest({ req, match, target }: InboundRequest): KeyedRequest {
  const { id } = match.route.model;
  const params = match.params.map((param) => paramValue(param ?? ''));
  return {
    method: req.method ?? '',
    operation: id === PASSTHROUGH ? [target.path] : [id, match.dialect, ...params],
    query: target.query,
    contentType: req.headers['content-type'],
  };
}

/** The database did not answer in time. */
export const UNAVAILABLE = {
  kind: 'refused',
  outcome: 'idempotency_unavailable',
  retryAfterMs: RETRY_AFTER_MS,
} as const satisfies Admission;

function admissionOf(found: FoundKey, derived: DerivedKey, write: KeyedWrite, asked: InboundRequest): Admission {
  switch (found.kind) {
    case 'claimed':
      return { kind: 'send', write };
    case 'answered':
      return { kind: 'replay', path: found.path, answer: derived.open(found.status, found.sealed) };
    case 'arrived': {
      const { dialect, route } = asked.match;
      const status = route.model.success[dialect] ?? 200;
      return { kind: 'replay', path: found.path, answer: { status, headers: [], body: undefined } };
    }
    case 'mismatch':
      return { kind: 'refused', outcome: 'idempotency_mismatch' };
    case 'in_progress':
      return { kind: 'refused', outcome: 'idempotency_in_progress', retryAfterMs: RETRY_AFTER_MS };
    case 'unknown':
      return { kind: 'refused', outcome: 'idempotency_unknown' };
  }
}

interface KeyedWriteOptions {
  readonly store: KeyStore;
  readonly derived: DerivedKey;
  readonly write: UnknownWrite;
  readonly asked: InboundRequest;
  readonly sink: UnknownWriteSink;
  readonly log: Logger;
  readonly pause: Pause;
  readonly ends: Set<Promise<void>>;
}

/** How a request ended that was sent under a key. */
interface KeyedEnd extends UnknownEnd {
  readonly isUnknown: boolean;
  /** Some upstream was asked. */
  readonly wasSent: boolean;
  /** The upstream's answer came to its end. */
  readonly isWhole: boolean;
}

/** One write that may be sent, and whose end is to be written down. */
export class KeyedWrite {
  readonly keeper = new AnswerKeeper();
  readonly #options: KeyedWriteOptions;

  constructor(options: KeyedWriteOptions) {
    this.#options = options;
  }

  /** Once. The caller has its answer, and does not wait for this. */
  ended(end: KeyedEnd): void {
    const { store, derived, write, asked, sink } = this.#options;
    const { outcome, path } = end;
    if (end.wasSent && end.isUnknown) {
      const unknown = sink.describeEnd(asked, end, write.id);
      return this.#writeDown(() => store.unknown(unknown));
    }
    const { status, headers, body } = this.keeper.answer(end.isWhole);
    const isDone = end.wasSent && decisionOf(outcome).delivery === 'answered' && !NOTHING_DONE.has(status);
    if (!isDone) return this.release();
    const sealed = derived.seal({ status, headers, body });
    this.#writeDown(() => store.answered(derived.id, write.id, path, status, sealed));
  }

  /** Nothing was sent, or nothing was done. */
  release(): void {
    const { store, derived, write } = this.#options;
    this.#writeDown(() => store.release(derived.id, write.id));
  }

  #writeDown(work: () => Promise<void>): void {
    const { ends } = this.#options;
    const end = this.#tryFor(work).finally(() => ends.delete(end));
    ends.add(end);
  }

  /** What cannot be written down in time is an unknown write when its time under way is over: nothing is sent twice. */
  async #tryFor(work: () => Promise<void>): Promise<void> {
    for (const pauseMs of END_PAUSES_MS) {
      if (pauseMs > 0) await this.#options.pause(pauseMs);
      try {
        return await work();
      } catch (error) {
        const { route, requestId } = this.#options.write;
        this.#options.log.warn(
          { route, requestId, code: codeOf(error) },
          'the end of a write with an Idempotency-Key cannot be written down yet',
        );
      }
    }
  }
}
