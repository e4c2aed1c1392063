import type { RequestHandler, Response } from 'express';

/**
 * What is now, pushed: server-sent events for the console. The picture is made once for all who look, and only while
 * somebody does. A client that does not read is let go, so that nothing piles up.
 */

/** Milliseconds. */
const EVERY = 1_000;
const MOST_CLIENTS = 50;
/** Bytes that may wait for a client. */
const MOST_WAITING = 1024 * 1024;

export function createEvents(picture: () => object): RequestHandler {
  const clients = new Set<Response>();
  let timer: NodeJS.Timeout | undefined;
  const push = (): void => {
    const event = eventOf(picture());
    for (const client of clients) {
      if (client.writableLength > MOST_WAITING) client.destroy();
      else client.write(event);
    }
  };
  return (_req, res) => {
    if (clients.size >= MOST_CLIENTS) {
      res.status(503).set('retry-after', '10').json({ title: 'Too many consoles are open', status: 503 });
      return;
    }
    res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    res.write(eventOf(picture()));
    clients.add(res);
    timer ??= setInterval(push, EVERY).unref();
    res.on('close', () => {
      clients.delete(res);
      if (clients.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    });
  };
}

const eventOf = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
