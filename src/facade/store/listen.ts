import type { Logger } from '../../http/log.ts';
import { Session } from './session.ts';

export interface Subscription {
  close(): Promise<void>;
}

/**
 * Hears a channel. What was sent while the connection was down is gone, so `onMessage('')` follows a reconnection: a
 * message is a hint to read again, never the news itself.
 * @returns once the channel is heard.
 */
export async function listen(
  connectionString: string,
  channel: string,
  onMessage: (payload: string) => void,
  log: Logger,
): Promise<Subscription> {
  const first = Promise.withResolvers<void>();
  let isAgain = false;
  const session = new Session(
    connectionString,
    {
      connected: async (client) => {
        client.on('notification', ({ payload }) => onMessage(payload ?? ''));
        await client.query(`listen ${client.escapeIdentifier(channel)}`);
        if (isAgain) onMessage('');
        isAgain = true;
        first.resolve();
      },
      lost: () => undefined,
    },
    log,
  );
  await first.promise;
  return { close: () => session.close() };
}
