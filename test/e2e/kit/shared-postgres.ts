import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { migrateAll, newDatabase, SHARED_POSTGRES, startOwn, type SharedPostgres } from './postgres.ts';

/**
 * One Postgres for a whole run of vitest, where each test file would make its own. It starts when the first file asks
 * for it, and the answer to each request names its URL and a database with all tables, from which others are copied.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Vitest calls this once for each project of its config.
  if (process.env[SHARED_POSTGRES]) return undefined;
  let started: Promise<SharedPostgres & { stop(): Promise<void> }> | undefined;
  const start = async () => {
    const { url, stop } = await startOwn();
    const template = await newDatabase(url);
    await migrateAll(template.url);
    return { url, template: template.name, stop };
  };
  const broker = createServer((_, res) => {
    started ??= start();
    started.then(
      ({ url, template }) => res.end(JSON.stringify({ url, template })),
      (error: unknown) => res.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((done) => broker.listen(0, '127.0.0.1', done));
  process.env[SHARED_POSTGRES] = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
  return async () => {
    delete process.env[SHARED_POSTGRES];
    broker.close();
    broker.closeAllConnections();
    await (await started?.catch(() => undefined))?.stop();
  };
}
