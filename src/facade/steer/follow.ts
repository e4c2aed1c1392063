import type { Logger } from '../../http/log.ts';
import { FLIPS_CHANNEL } from '../store/channels.ts';
import type { Store, Subscription } from '../store/index.ts';

/**
 * Hears of new revisions. Notifications make it quick; looking every second makes it true, for a notification is lost
 * with the connection that it would have come by. Without a store there is only what happened here, to be looked at.
 */

/** Milliseconds: with the time of the look itself, every instance is there within two seconds. */
const LOOK_INTERVAL_MS = 1_000;

interface Following {
  close(): Promise<void>;
}

interface Follower {
  /** Reads what is in force, and serves it. */
  look(): Promise<void>;
  /** Somebody says that there is this revision. */
  heardOf(revision: number): void;
}

export function follow(store: Pick<Store, 'listen'> | undefined, follower: Follower, log: Logger): Following {
  let isFailing = false;
  let isClosed = false;
  const tryLook = (): void => {
    follower.look().then(
      () => (isFailing = false),
      (error: unknown) => {
        // Once, not every second.
        if (!isFailing && !isClosed) log.warn({ err: error }, 'the flips cannot be read; what serves stays');
        isFailing = true;
      },
    );
  };
  const timer = setInterval(tryLook, LOOK_INTERVAL_MS);
  timer.unref();
  let subscription: Subscription | undefined;
  // Not in the way of the start: until it listens, the looks are enough.
  const heard = (payload: string): void => {
    // Empty: the connection was lost meanwhile.
    if (/^\d+$/.test(payload)) follower.heardOf(Number(payload));
    tryLook();
  };
  store?.listen(FLIPS_CHANNEL, heard).then(
    (opened) => (isClosed ? opened.close() : void (subscription = opened)),
    (error: unknown) => {
      if (!isClosed) log.warn({ err: error }, 'flips of other instances are only seen by looking');
    },
  );
  return {
    async close() {
      isClosed = true;
      clearInterval(timer);
      await subscription?.close();
    },
  };
}
