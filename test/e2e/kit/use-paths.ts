import { afterAll, afterEach, beforeAll } from 'vitest';
import { Opened } from './load.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startUpstream, type TestUpstream } from './upstream.ts';

/** What the tests of a file on instances share: one Postgres, and two upstreams that say which of them answered. */
export interface UsedPaths {
  readonly postgres: TestPostgres;
  readonly direct: TestUpstream;
  readonly gateway: TestUpstream;
  /** Closed after each test. */
  readonly opened: Opened;
}

export function usePaths(): UsedPaths {
  const opened = new Opened();
  let postgres: TestPostgres;
  let direct: TestUpstream;
  let gateway: TestUpstream;
  beforeAll(async () => {
    postgres = await startPostgres();
    direct = await startUpstream((_, res) => res.writeHead(200).end('{"from":"direct"}'));
    gateway = await startUpstream((_, res) => res.writeHead(200).end('{"from":"gateway"}'));
  });
  afterEach(opened.closeAll);
  afterAll(async () => {
    await Promise.all([direct.close(), gateway.close()]);
    await postgres.close();
  });
  return {
    opened,
    get postgres() {
      return postgres;
    },
    get direct() {
      return direct;
    },
    get gateway() {
      return gateway;
    },
  };
}
