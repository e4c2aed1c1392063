import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log.ts';
import type { Store } from './index.ts';

/**
 * A store that is opened beside the start, since routing does not need one: a database of the operator's is tried until
 * it is there; an embedded server that cannot be had once cannot be had later.
 */

/** Milliseconds between two tries; each has waited for the database itself before. */
const TRY_EVERY = 2_000;

export interface Opening {
  /** Undefined: there is none. Never rejects. */
  readonly opened: Promise<Store | undefined>;
  close(): Promise<void>;
}

/** @param open undefined when there shall be no store. */
export function openBeside(open: (() => Promise<Store>) | undefined, isRetried: boolean, log: Logger): Opening {
  const closing = new AbortController();
  const attempt = async (): Promise<Store | undefined> => {
    while (open && !closing.signal.aborted) {
      try {
        return await open();
      } catch (error) {
        log.error({ err: error, retried: isRetried }, error instanceof Error ? error.message : 'no store');
        if (!isRetried) return undefined;
      }
      await sleep(TRY_EVERY, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    return undefined;
  };
  let isOpen = false;
  const opened = attempt().finally(() => (isOpen = true));
  return {
    opened,
    async close() {
      closing.abort();
      const closed = opened.then((store) => store?.close());
      // A try of a database that does not answer takes long, and leaves nothing behind; our own server must end with us.
      await (isRetried && !isOpen ? undefined : closed);
    },
  };
}
