import type { JSONColumnType } from 'kysely';
import type { Checks, Settlement, StoredState, UnknownWriteCause } from '../unknown-write.ts';

/** Reads as the value itself; is written as its text. */
type Json<T> = JSONColumnType<T & object, string, string>;

interface UnknownWritesTable {
  id: string;
  at: Date;
  route: string;
  method: string;
  template: string;
  params: Json<readonly string[]>;
  dialect: 'direct' | 'gateway';
  caller: string | null;
  request_id: string;
  path: string;
  outcome: string | null;
  status: number | null;
  cause: UnknownWriteCause;
  shape: Json<object>;
  /** Null once the look-up has ended, and where nothing can be looked for. */
  checks: JSONColumnType<Checks | null, string | null, string | null>;
  state: StoredState;
  why: string | null;
  missing: Json<readonly string[]>;
  looks: number;
  /** Of an `under_way` row: when its process must have ended. */
  next_look_at: Date | null;
  settlement: JSONColumnType<Settlement | null, string | null, string | null>;
}

interface IdempotencyKeysTable {
  /** SHA-256 of caller, method, path and key. */
  id: Buffer;
  /** HMAC of the request under the key. */
  fingerprint: Buffer;
  /** Its row in `unknown_writes`, which is there until the answer is known. */
  write_id: string;
  path: string | null;
  /** Null: no answer is known. */
  status: number | null;
  /** The answer, under a key that is made of the caller's. */
  sealed: Buffer | null;
  expires_at: Date;
}

export interface UnknownWriteTables {
  unknown_writes: UnknownWritesTable;
  idempotency_keys: IdempotencyKeysTable;
}
