import type { Connections } from './connections.ts';
import { StoreUnavailable } from './unavailable.ts';

export interface Subscription {
  close(): Promise<void>;
}

/**
 * Hears a channel. What was sent while the connection was down is gone, so `onMessage('')` follows a reconnection: a
 * message is a hint to read again, never the news itself.
 * @returns once the channel is heard. @throws StoreUnavailable when the store is closed before.
 */
export async function listen(
  connections: Connections,
  channel: string,
  onMessage: (payload: string) => void,
): Promise<Subscription> {
  const first = Promise.withResolvers<void>();
  let isAgain = false;
  const session = connections.session({
    connected: async (client) => {
      client.on('notification', ({ payload }) => onMessage(payload ?? ''));
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
      if (isAgain) onMessage('');
      isAgain = true;
      first.resolve();
    },
    lost: () => undefined,
    closed: () => first.reject(new StoreUnavailable('it is being closed')),
  });
  await first.promise;
  return { close: () => session.close() };
}
