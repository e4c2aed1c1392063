import type { Logger } from '../../http/log.ts';
import { changeOf } from '../notify/of-flips.ts';
import { reasonFields, type FlipRecord } from '../rollout/flip.ts';

/**
 * The log of what changed: one line for each route, or for the kill switch, with who did it, through what, and why. A change
 * that was made here is told as made, also where the database said so later; one of another instance is told as seen.
 */

/** Told as made; a change is seen within seconds, so this bounds what was never seen. */
const MAX_MADE = 1_000;

export class ChangeLog {
  readonly #log: Logger;
  /** Made here, and not yet found in the history. True: it is told. */
  readonly #made = new Map<string, boolean>();

  constructor(log: Logger) {
    this.#log = log;
  }

  made(records: readonly FlipRecord[]): void {
    for (const record of records) this.#write(record, '');
    this.#remember(records, true);
  }

  /** Nobody said whether they were; if so, the history shows them. */
  perhapsMade(records: readonly FlipRecord[]): void {
    this.#remember(records, false);
  }

  /** They are in the history; each once. */
  seen(records: readonly FlipRecord[]): void {
    for (const record of records.toSorted((a, b) => a.revision - b.revision)) {
      const key = keyOf(record);
      const isTold = this.#made.get(key);
      this.#made.delete(key);
      if (isTold !== true) this.#write(record, isTold === false ? '' : ' by another instance');
    }
  }

  #write(record: FlipRecord, where: string): void {
    const { kind, source, revision } = record;
    const what =
      kind === 'kill-switch' ? 'kill switch set' : source === 'rollback' ? 'route rolled back' : 'route flipped';
    const route = kind === 'flip' ? record.route : undefined;
    this.#log.info({ route, ...changeOf(record), ...reasonFields(record), revision }, `${what}${where}`);
  }

  #remember(records: readonly FlipRecord[], isTold: boolean): void {
    for (const record of records) this.#made.set(keyOf(record), isTold);
    for (const key of this.#made.keys()) {
      if (this.#made.size <= MAX_MADE) break;
      this.#made.delete(key);
    }
  }
}

/** A database that went back gives a revision again: what was flipped in it is another change. */
const keyOf = (record: FlipRecord): string => {
  const { revision, source, who, why } = record;
  const { from, to } = changeOf(record);
  return JSON.stringify([revision, source, who, why, record.kind === 'flip' ? record.route : '', from, to]);
};
