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
  /** Milliseconds between two looks without an event. A look is one read of a small file. */
  readonly pollMs?: number;
  /** Milliseconds for which the content must stay the same before it counts: nobody wants half a file. */
  readonly settleMs?: number;
  /** The text that is in force; by default what the file holds now. Give it, or a change before this call is missed. */
  readonly current?: string;
}

export interface ConfigWatch {
  /** Looks now instead of at the next poll, and delivers a change without waiting for it to settle. */
  check(): Promise<void>;
  /** Like `check`, and delivers even what has not changed: a reload on demand (SIGHUP) also re-reads the environment. */
  reload(): Promise<void>;
  /** Nothing is delivered after this. */
  close(): void;
}

export function watchConfig(options: WatchOptions): ConfigWatch {
  const { file, pollMs = 500 } = options;
  const follower = new Follower(options);
  const poll = setInterval(() => void follower.look(), pollMs);
  poll.unref();
  const events = watchDirectory(file, () => void follower.look());
  return {
    check: () => follower.take(false),
    reload: () => follower.take(true),
    close() {
      clearInterval(poll);
      events?.close();
      follower.close();
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
type Sight = { readonly text: string } | { readonly error: Error };

/** A file that is gone and one that may not be read are told apart: of an optional one the first is no fault. */
const same = (a: Sight, b: Sight) =>
  'text' in a ? 'text' in b && a.text === b.text : 'error' in b && codeOf(a.error) === codeOf(b.error);

class Follower {
  readonly #options: WatchOptions;
  /** What was last delivered or reported. */
  #known: Sight;
  /** Seen, but not yet for long enough. */
  #candidate: Sight | undefined;
  #settle: NodeJS.Timeout | undefined;
  /** Looks follow one another, or an older read could come in after a newer one. */
  readonly #turns = new Turns();
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#known = options.current === undefined ? seeNow(options.file) : { text: options.current };
  }

  /** A change is delivered when a look `settleMs` later still sees the same. */
  look(): Promise<void> {
    return this.#next((sight) => {
      if (same(sight, this.#known)) {
        this.#forgetCandidate();
      } else if (!this.#candidate || !same(sight, this.#candidate)) {
        this.#forgetCandidate();
        this.#candidate = sight;
        this.#lookAgain();
      } else if (this.#settle === undefined) {
        this.#deliver(sight);
      }
    });
  }

  /** Takes what is there at its word. */
  take(evenIfUnchanged: boolean): Promise<void> {
    return this.#next((sight) => {
      if (evenIfUnchanged || !same(sight, this.#known)) this.#deliver(sight);
    });
  }

  close(): void {
    this.#closed = true;
    this.#forgetCandidate();
  }

  #next(judge: (sight: Sight) => void): Promise<void> {
    return this.#turns.take(async () => {
      const sight = await see(this.#options.file);
      if (!this.#closed) judge(sight);
    });
  }

  #lookAgain(): void {
    this.#settle = setTimeout(() => {
      this.#settle = undefined;
      void this.look();
    }, this.#options.settleMs ?? 50);
    this.#settle.unref();
  }

  #forgetCandidate(): void {
    clearTimeout(this.#settle);
    this.#settle = undefined;
    this.#candidate = undefined;
  }

  /** A consumer that throws must not end the watch: the next change may mend what this one broke. */
  #deliver(sight: Sight): void {
    this.#known = sight;
    this.#forgetCandidate();
    try {
      if ('text' in sight) this.#options.onChange(sight.text);
      else this.#options.onError(sight.error);
    } catch (error) {
      this.#options.onError(asError(error));
    }
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

async function see(file: string): Promise<Sight> {
  try {
    return { text: await readText(file) };
  } catch (error) {
    return { error: asError(error) };
  }
}

function seeNow(file: string): Sight {
  try {
    return { text: readTextSync(file) };
  } catch (error) {
    return { error: asError(error) };
  }
}
