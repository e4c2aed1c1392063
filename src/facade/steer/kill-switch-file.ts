import { randomBytes } from 'node:crypto';
import { constants, mkdirSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../http/error-code.ts';
import type { Logger } from '../../http/log.ts';
import { readTextSync, UnfitFile } from '../../http/read-file.ts';
import { Turns } from '../../http/turns.ts';
import type { FlipReason } from '../rollout/flip.ts';

/**
 * The kill switch as it was set by hand, on disk for as long as no database has it, so that a restart does not lose it; and
 * that it is on, for as long as it is, so that a restart needs no database to know. Beside the rollout table, or, where nothing can be written there, in DATA_DIR.
 */

/** What the kill switch is to be. */
export interface KillSwitchOrder extends FlipReason {
  readonly on: boolean;
  /** The newest revision that was known here then. */
  readonly known: number;
  /** Revisions above it that this instance wrote, by what was set here before: they are nobody else's. */
  readonly own?: readonly number[];
  /** Nobody set it: a database that went back is told what it lost. Whatever was set in it since is newer. */
  readonly isRestored?: boolean;
  /** The database has it. Here it only tells the next process that the switch is on, until the database has been asked. */
  readonly isRecorded?: boolean;
}

export class KillSwitchFile {
  readonly #candidates: readonly string[];
  readonly #log: Logger;
  readonly isOwner: boolean;
  readonly #turns = new Turns();
  /** Counts up over restarts: of two files the one with more is newer. */
  #writes = 0;
  /** What this process, or the one before it, wrote where: what else stands there is another facade's. */
  readonly #own = new Map<string, string>();
  /** So that no two processes write the same. */
  readonly #by = randomBytes(6).toString('hex');
  #kept: { readonly file: string; readonly text: string } | undefined;
  #isUnread = false;

  /**
   * @param candidates the first one that can be written is taken.
   * @param isOwner false: another worker writes them and carries out what they say; this one only begins with it.
   */
  constructor(candidates: readonly string[], log: Logger, isOwner = true) {
    this.#candidates = candidates;
    this.#log = log;
    this.isOwner = isOwner;
  }

  /** Of the process before this one; oldest first. */
  read(): KillSwitchOrder[] {
    const found = this.#candidates.flatMap((file) => this.#readOne(file) ?? []);
    // A place that could not be written any more still holds what was written there before.
    this.#writes = Math.max(0, ...found.map(({ writes }) => writes));
    return found.find(({ writes }) => writes === this.#writes)?.orders ?? [];
  }

  /**
   * Something was there that {@link KillSwitchFile.read} could not read: cut off, written by another user, on a disk with
   * errors. Nobody knows what it says.
   */
  get isUnread(): boolean {
    return this.#isUnread;
  }

  /** None: the file goes. @returns the file that holds them now; undefined: none does. Never rejects. */
  keep(orders: readonly KillSwitchOrder[]): Promise<string | undefined> {
    if (!this.isOwner) return Promise.resolve(undefined);
    const text = JSON.stringify(orders);
    const isNote = orders.every(({ isRecorded }) => isRecorded);
    return this.#turns.take(() => (orders.length > 0 ? this.#write(text, isNote) : this.#remove()));
  }

  /** @param isNote the database has it all: it is not worth an order of another facade that shares the directory. */
  async #write(text: string, isNote: boolean): Promise<string | undefined> {
    // It is kept again whenever a try to carry it out fails.
    if (this.#kept?.text === text) return this.#kept.file;
    this.#kept = undefined;
    this.#writes++;
    for (const file of this.#candidates) {
      if (isNote && this.#isAnothers(file)) continue;
      try {
        const whole = `{"writes":${this.#writes},"by":"${this.#by}","orders":${text}}`;
        await write(file, whole);
        this.#own.set(file, whole);
        this.#kept = { file, text };
        return file;
      } catch (error) {
        this.#log.warn({ file, code: codeOf(error) }, 'the kill switch cannot be kept in this file');
      }
    }
    return undefined;
  }

  async #remove(): Promise<undefined> {
    this.#kept = undefined;
    for (const file of this.#candidates) {
      if (!this.#isOwn(file)) continue;
      await rm(file, { force: true }).catch((error: unknown) => this.#stays(file, error));
    }
  }

  #isAnothers(file: string): boolean {
    try {
      return readTextSync(file) !== this.#own.get(file);
    } catch (error) {
      return !isAbsent(error);
    }
  }

  #isOwn(file: string): boolean {
    const own = this.#own.get(file);
    try {
      return own !== undefined && readTextSync(file) === own;
    } catch (error) {
      this.#stays(file, error);
      return false;
    }
  }

  #stays(file: string, error: unknown): void {
    if (!isAbsent(error)) this.#log.error({ file, code: codeOf(error) }, 'remove this file: it sets the kill switch');
  }

  #readOne(file: string): { readonly writes: number; readonly orders: KillSwitchOrder[] } | undefined {
    try {
      const text = readTextSync(file);
      this.#own.set(file, text);
      const { orders, writes = 0 } = JSON.parse(text) as { orders: unknown; writes: unknown };
      // An order that nobody can carry out would be the first one for ever.
      if (!Array.isArray(orders) || !orders.every(isOrder)) throw new UnfitFile(file, 'no list of orders');
      return orders.length > 0 ? { orders, writes: Number(writes) || 0 } : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      this.#isUnread ||= statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
      this.#log.error({ file, code: codeOf(error) }, 'the kill switch of before cannot be read from this file');
      return undefined;
    }
  }
}

const TEXTS = ['source', 'who', 'identity'] as const;
const isOrder = (one: unknown): one is KillSwitchOrder => {
  if (typeof one !== 'object' || one === null) return false;
  const { on, known, own = [], why = '', ...rest } = one as Record<string, unknown>;
  const areTexts = [why, ...TEXTS.map((name) => rest[name])].every((text) => typeof text === 'string');
  const areRevisions = Array.isArray(own) && [known, ...(own as unknown[])].every(Number.isInteger);
  return typeof on === 'boolean' && areRevisions && areTexts;
};

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

/** A FIFO in its place would hold the writer, its thread and the end of the process. Windows knows none. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NONBLOCK ?? 0);

/** Whole or not at all, and on disk when it resolves. */
async function write(file: string, text: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.new`;
  const handle = await open(temporary, FLAGS, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
