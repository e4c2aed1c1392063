import type { Dialect } from '../rollout/api-pair.ts';

/** A write whose fate is unknown: what is kept of it, in the database or in memory. No value of its body is. */

export const UNKNOWN_WRITE_STATES = ['open', 'arrived', 'not_arrived', 'cannot_tell', 'settled'] as const;
/**
 * - `open`: the facade is still looking whether it arrived.
 * - `arrived`, `not_arrived`: what looking came to. `cannot_tell`: nothing that the facade can look at says.
 * - `settled`: an operator has seen to it.
 */
export type UnknownWriteState = (typeof UNKNOWN_WRITE_STATES)[number];

/** `under_way`: being sent, with an Idempotency-Key. Such a row becomes unknown when its process ends before the write does. */
export type StoredState = UnknownWriteState | 'under_way';

export const UNKNOWN_WRITE_CAUSES = ['upstream', 'answered', 'caller', 'facade'] as const;
/**
 * Why nobody knows: the upstream gave no answer, or a 5xx that says nothing of the write (`answered`); the caller left; the
 * process of the facade ended.
 */
export type UnknownWriteCause = (typeof UNKNOWN_WRITE_CAUSES)[number];

/** What the record is compared with, as keyed hashes. */
export interface Checks {
  /** Tells the key of the hashes; another process may have another one. */
  readonly keyId: string;
  readonly fields: readonly SealedField[];
}

export interface SealedField {
  /** As it may be shown. */
  readonly name: string;
  /** Hash of the name, of a field that the route does not know: it is looked for anywhere in the record. */
  readonly anywhere?: string | undefined;
  /** Hash of the value. */
  readonly value: string;
  /** Hash of what is left of a text in another form (compare/likeness.ts); not of numbers and flags. */
  readonly like?: string | undefined;
}

/** How an operator settled it. */
export interface Settlement {
  readonly at: string;
  readonly who: string;
  readonly why: string;
  /** `loopback` or `admin token`: what they proved. */
  readonly identity: string;
  readonly source: string;
  /** What they found in the CRM; left out: they did not say. */
  readonly found?: 'arrived' | 'not_arrived' | undefined;
}

export interface UnknownWrite {
  readonly id: string;
  /** When its fate became unknown; of a write that is under way, when it began. */
  readonly at: Date;
  readonly route: string;
  readonly method: string;
  /** `/integration/leads/:leadId/create_message`; of what no route claims a guess, with `:id` for all that is no word. */
  readonly template: string;
  /** Values of the path parameters in their order, of those that are ids; else empty. */
  readonly params: readonly string[];
  readonly dialect: Dialect;
  /** Twelve hex digits, as in the log; null: not known. */
  readonly caller: string | null;
  readonly requestId: string;
  readonly path: string;
  /** See rollout/outcome.ts; null: the process ended. */
  readonly outcome: string | null;
  /** Of the answer to the caller; null: none. */
  readonly status: number | null;
  readonly cause: UnknownWriteCause;
  /** The body: names of fields and types of their values. */
  readonly shape: object;
  readonly checks: Checks | null;
  readonly state: StoredState;
  /** Why it cannot be told. */
  readonly why: string | null;
  /** Fields that were looked for and not found. */
  readonly missing: readonly string[];
  readonly looks: number;
  readonly nextLookAt: Date | null;
  readonly settlement: Settlement | null;
}

/** What a look came to. */
export interface Looked {
  readonly state: 'open' | 'arrived' | 'not_arrived' | 'cannot_tell';
  readonly why: string | null;
  readonly missing: readonly string[];
  /** Null: it was the last one. */
  readonly nextLookAt: Date | null;
}

export interface UnknownWritesQuery {
  readonly state?: UnknownWriteState | undefined;
  readonly route?: string | undefined;
  readonly limit: number;
  /** Only those that are listed behind this one. */
  readonly after?: string | undefined;
}

export interface UnknownWriteCount {
  readonly route: string;
  readonly state: UnknownWriteState;
  readonly cause: UnknownWriteCause;
  readonly count: number;
}

/** Where unknown writes are kept. */
export interface UnknownWriteStore {
  /** Outlives this process. */
  readonly isLasting: boolean;
  /** One that is there already, since it was `under_way`, is replaced. */
  add(writes: readonly UnknownWrite[]): Promise<void>;
  /** Those that are due, which no other process gets for `leaseMs`. What was `under_way` is `open` from now on. */
  take(now: Date, leaseMs: number, limit: number): Promise<UnknownWrite[]>;
  /** Does nothing to one that was settled meanwhile. */
  looked(id: string, looked: Looked): Promise<void>;
  /** Newest first. */
  list(query: UnknownWritesQuery): Promise<UnknownWrite[]>;
  counts(): Promise<UnknownWriteCount[]>;
  /** @returns the ids of those that were there and not settled. */
  settle(ids: readonly string[], settlement: Settlement): Promise<string[]>;
  /** Lets go of what is old: worked off for so long, or of any state. */
  prune(workedOffBefore: Date, anyBefore: Date): Promise<void>;
}

/** Looked for no more, and nothing left to do. */
export const isWorkedOff = (state: StoredState): boolean => state === 'arrived' || state === 'settled';
