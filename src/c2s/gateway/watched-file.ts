import { statSync } from 'node:fs';
import { readTextSync } from '../../http/read-file.ts';

/**
 * A config file that is read again when it changes. Polled by stat, which also sees renames and swapped symlinks
 * (the way secrets are mounted); `fs.watch` goes deaf after the first rename. A bad change is reported and the old
 * value stays: a missing comma must not stop a service that runs.
 *
 * Not by `watchFile`: its first look comes some time later, and what changed between the reading here and that look
 * would never be noticed.
 */
interface FileEvents {
  /** After every read that changed something or failed. */
  onRead(file: string, error: Error | undefined): void;
}

export class WatchedFile {
  readonly #path: string;
  readonly #apply: (text: string) => void;
  readonly #events: FileEvents;
  readonly #timer: NodeJS.Timeout;
  #seen: string;
  #text: string;

  /**
   * Reads and applies at once; throws when the file is missing or `apply` refuses it.
   * @param interval milliseconds between looks
   */
  constructor(path: string, apply: (text: string) => void, events: FileEvents, interval: number) {
    this.#path = path;
    this.#apply = apply;
    this.#events = events;
    // Before the reading: what changes in between is seen as a change.
    this.#seen = signatureOf(path);
    this.#text = readTextSync(path);
    apply(this.#text);
    this.#timer = setInterval(() => this.#look(), interval).unref();
  }

  /** Looks now. Nothing happens when the text is the same. */
  reload(): void {
    try {
      const text = readTextSync(this.#path);
      if (text === this.#text) return;
      this.#apply(text);
      this.#text = text;
      this.#events.onRead(this.#path, undefined);
    } catch (error) {
      this.#events.onRead(this.#path, error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const signature = signatureOf(this.#path);
    if (signature === this.#seen) return;
    this.#seen = signature;
    this.reload();
  }
}

/** Differs when another file stands there, the same one was written, or it cannot be looked at any more. */
function signatureOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return String(error);
  }
}
