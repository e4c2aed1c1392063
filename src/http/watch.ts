import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { codeOf } from './error-code.ts';
import { readText, readTextSync } from './read-file.ts';
import { Turns } from './turns.ts';

/**
 * Notices that a file has other content, in whatever way it came to that: written in place, replaced by rename, deleted
 * and made anew, or reached through a symlink that was swapped (Kubernetes swaps `..data` above a ConfigMap's files).
 *
 * Events make it quick, polling makes it true. Events alone miss symlinks that lead elsewhere, network file systems and
 * a directory that is itself replaced; so a poll reads the content, and an event is only a reason to read it sooner.
 * Content is compared, never times: two writes within one tick of the clock look alike to stat.
 */

export interface WatchOptions {
  readonly file: string;
  /** The whole text, once for each change. */
  readonly onChange: (text: string) => void;
  /**
   * The file can no longer be read, told once for each reason; when it can be again, `onChange` gets it even if it is what it was. Also
   * told what `onChange` threw. A file that was never there is no error: so an optional .env file can be watched too.
   */
  readonly onError: (error: Error) => void;
  /** Milliseconds between two reads without an event. The file is small. */
  readonly pollMs?: number;
  /**
   * Milliseconds for which the content must stay the same before it counts: nobody wants half a file. A function is asked
   * once for each content; undefined is the default.
   */
  readonly settleMs?: number | ((text: string) => number | undefined);
  /** The text that is in force; by default what the file holds now. Give it, or a change before this call is missed. */
  readonly current?: string;
}

export interface ConfigWatch {
  /** Reads now instead of at the next poll, and delivers a change without waiting for it to settle. */
  check(): Promise<void>;
  /** Like `check`, and delivers even what has not changed: a reload on demand (SIGHUP) also re-reads the environment. */
  reload(): Promise<void>;
  /** Delivers once more what was delivered last, without a look at the file: for when what stands around it changed. */
  again(): Promise<void>;
  /** Nothing is delivered after this. */
  close(): void;
}

/** Milliseconds. An editor's save is over by then. */
const SETTLE_MS = 50;

export function watchConfig(options: WatchOptions): ConfigWatch {
  const { file, pollMs = 500 } = options;
  const watcher = new FileWatcher(options);
  const timer = setInterval(() => void watcher.poll(), pollMs);
  timer.unref();
  const events = watchDirectory(file, () => void watcher.poll());
  return {
    check: () => watcher.take(false),
    reload: () => watcher.take(true),
    again: () => watcher.again(),
    close() {
      clearInterval(timer);
      events?.close();
      watcher.close();
    },
  };
}

/**
 * The directory and not the file: a watch on the file goes dead with the first rename. Where there are no events (no
 * inotify left, no such directory) the poll is enough, so that is no error.
 */
function watchDirectory(file: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const name = basename(file);
    const events = watch(dirname(file), { persistent: false }, (_, changed) => {
      // A ConfigMap's swap is an event of `..data`, not of the file; other neighbours are not ours.
      if (changed === null || changed === name || changed.startsWith('..')) onEvent();
    });
    events.on('error', () => events.close());
    return events;
  } catch {
    return undefined;
  }
}

/** Either the content, or why there is none. */
type ReadResult = { readonly text: string } | { readonly error: Error };

/** A file that is gone and one that may not be read are told apart: of an optional one the first is no fault. */
const same = (a: ReadResult, b: ReadResult) =>
  'text' in a ? 'text' in b && a.text === b.text : 'error' in b && codeOf(a.error) === codeOf(b.error);

class FileWatcher {
  readonly #options: WatchOptions;
  /** What was last delivered or reported. */
  #known: ReadResult;
  /** Read, but not yet for long enough. */
  #candidate: ReadResult | undefined;
  #settle: NodeJS.Timeout | undefined;
  /** Reads follow one another, or an older read could come in after a newer one. */
  readonly #turns = new Turns();
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#known = options.current === undefined ? readNow(options.file) : { text: options.current };
  }

  /** A change is delivered when a read `settleMs` later has the same result. */
  poll(): Promise<void> {
    return this.#next((result) => {
      if (same(result, this.#known)) {
        this.#forgetCandidate();
      } else if (!this.#candidate || !same(result, this.#candidate)) {
        this.#forgetCandidate();
        this.#candidate = result;
        this.#pollAgain(this.#settleMs(result));
      } else if (this.#settle === undefined) {
        this.#deliver(result);
      }
    });
  }

  /** Takes what is there at its word. */
  take(evenIfUnchanged: boolean): Promise<void> {
    return this.#next((result) => {
      if (evenIfUnchanged || !same(result, this.#known)) this.#deliver(result);
    });
  }

  again(): Promise<void> {
    return this.#turns.take(() => {
      if (!this.#closed) this.#tell(this.#known);
      return Promise.resolve();
    });
  }

  close(): void {
    this.#closed = true;
    this.#forgetCandidate();
  }

  #next(judge: (result: ReadResult) => void): Promise<void> {
    return this.#turns.take(async () => {
      const result = await read(this.#options.file);
      if (!this.#closed) judge(result);
    });
  }

  #settleMs(result: ReadResult): number {
    const { settleMs } = this.#options;
    const asked = typeof settleMs === 'function' && 'text' in result ? settleMs(result.text) : settleMs;
    return typeof asked === 'number' ? asked : SETTLE_MS;
  }

  #pollAgain(settleMs: number): void {
    this.#settle = setTimeout(() => {
      this.#settle = undefined;
      void this.poll();
    }, settleMs);
    this.#settle.unref();
  }

  #forgetCandidate(): void {
    clearTimeout(this.#settle);
    this.#settle = undefined;
    this.#candidate = undefined;
  }

  #deliver(result: ReadResult): void {
    this.#known = result;
    this.#forgetCandidate();
    this.#tell(result);
  }

  /** A consumer that throws must not end the watch: the next change may mend what this one broke. */
  #tell(result: ReadResult): void {
    try {
      if ('text' in result) this.#options.onChange(result.text);
      else this.#options.onError(result.error);
    } catch (error) {
      this.#options.onError(asError(error));
    }
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

async function read(file: string): Promise<ReadResult> {
  try {
    return { text: await readText(file) };
  } catch (error) {
    return { error: asError(error) };
  }
}

function readNow(file: string): ReadResult {
  try {
    return { text: readTextSync(file) };
  } catch (error) {
    return { error: asError(error) };
  }
}
