import { readFileSync, unwatchFile, watchFile } from 'node:fs';

/**
 * A config file that is read again when it changes. Polled by stat, which also sees renames and swapped symlinks
 * (the way secrets are mounted); `fs.watch` goes deaf after the first rename. A bad change is reported and the old
 * value stays: a missing comma must not stop a service that runs.
 */
export interface FileEvents {
  /** After every read that changed something or failed. */
  onRead(file: string, error: Error | undefined): void;
}

export class WatchedFile {
  readonly #path: string;
  readonly #apply: (text: string) => void;
  readonly #events: FileEvents;
  readonly #look = () => this.reload();
  #text: string;

  /**
   * Reads and applies at once; throws when the file is missing or `apply` refuses it.
   * @param interval milliseconds between looks
   */
  constructor(path: string, apply: (text: string) => void, events: FileEvents, interval: number) {
    this.#path = path;
    this.#apply = apply;
    this.#events = events;
    this.#text = readFileSync(path, 'utf8');
    apply(this.#text);
    watchFile(path, { interval, persistent: false }, this.#look);
  }

  /** Looks now. Nothing happens when the text is the same. */
  reload(): void {
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text === this.#text) return;
      this.#apply(text);
      this.#text = text;
      this.#events.onRead(this.#path, undefined);
    } catch (error) {
      this.#events.onRead(this.#path, error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): void {
    unwatchFile(this.#path, this.#look);
  }
}
