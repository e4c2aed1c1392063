import { existsSync } from 'node:fs';

/**
 * Sends every route direct, at once, without a parse of anything: by the admin API, or by a file that exists. Either is
 * enough; to end it both must be off. The file is looked for often, since whoever touches it is in a hurry. It also is on
 * while nobody knows whether another instance set it: direct is right either way.
 */

const LOOK_EVERY_MS = 250;

export type KillSwitchListener = (on: boolean, by: readonly string[]) => void;

export class KillSwitch {
  readonly #file: () => string | undefined;
  readonly #listeners = new Set<KillSwitchListener>();
  readonly #timer: NodeJS.Timeout;
  #byHand = false;
  #byFile = false;
  #isUnknown = false;

  /** @param file the name in the table that serves now. */
  constructor(file: () => string | undefined) {
    this.#file = file;
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  get on(): boolean {
    return this.by.length > 0;
  }

  /** Who holds it on: `admin`, `file`; `unknown`: the database that all share has not been asked yet. */
  get by(): string[] {
    const holders = { admin: this.#byHand, file: this.#byFile, unknown: this.#isUnknown };
    return Object.entries(holders).flatMap(([name, holds]) => (holds ? [name] : []));
  }

  /** Name of the file that holds it on; undefined: none does. */
  get file(): string | undefined {
    return this.#byFile ? this.#file() : undefined;
  }

  /** Told of every change, and at once of a switch that is on already. */
  subscribe(listener: KillSwitchListener): void {
    this.#listeners.add(listener);
    if (this.on) listener(this.on, this.by);
  }

  /** By hand, here or on another instance; from then on it is known. */
  set(on: boolean): void {
    this.#apply(() => {
      this.#byHand = on;
      this.#isUnknown = false;
    });
  }

  /** On, until it is set. */
  suspect(): void {
    this.#apply(() => (this.#isUnknown = true));
  }

  look(): void {
    const file = this.#file();
    this.#apply(() => (this.#byFile = file !== undefined && existsSync(file)));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #apply(change: () => void): void {
    const before = this.by.join();
    change();
    if (this.by.join() === before) return;
    for (const listener of this.#listeners) listener(this.on, this.by);
  }
}
