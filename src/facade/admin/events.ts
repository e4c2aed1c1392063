import type { RequestHandler, Response } from 'express';
import { refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';

/**
 * What is now, pushed: server-sent events for the console. The picture is made once for all who look, and only while
 * somebody does. A client that does not read is let go, so that nothing piles up.
 */

/** Milliseconds. */
const SNAPSHOT_INTERVAL_MS = 1_000;
const MAX_CLIENTS = 50;
/** Bytes that may wait for a client. */
const MAX_WAITING_BYTES = 1024 * 1024;

const TOO_MANY: Problem = {
  status: 503,
  kind: 'too-many-consoles',
  detail: `${MAX_CLIENTS} consoles are open. Close one, and load the page again.`,
  retryAfter: 10,
};

export function createEvents(picture: () => object): RequestHandler {
  const clients = new Set<Response>();
  let timer: NodeJS.Timeout | undefined;
  const push = (): void => {
    const event = eventOf(picture());
    for (const client of clients) {
      if (client.writableLength > MAX_WAITING_BYTES) client.destroy();
      else client.write(event);
    }
  };
  return (req, res) => {
    if (clients.size >= MAX_CLIENTS) return refuse(req, res, TOO_MANY);
    res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    res.write(eventOf(picture()));
    clients.add(res);
    timer ??= setInterval(push, SNAPSHOT_INTERVAL_MS).unref();
    res.on('close', () => {
      clients.delete(res);
      if (clients.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    });
  };
}

const eventOf = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
