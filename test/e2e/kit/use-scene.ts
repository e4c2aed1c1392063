import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { startScene, type Scene } from './enrichment.ts';
import type { TestFacade } from './facade.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

/** What the tests of a file on enrichments share: one Postgres, and for each test a scene and a database of its own. */
export interface UsedScene extends Pick<Scene, 'sandbox' | 'gateway'> {
  readonly postgres: TestPostgres;
  /** Of this test, with its tables. */
  readonly databaseUrl: string;
  /** The facades of this test, in the order of their starts: they are stopped at its end. */
  readonly started: TestFacade[];
}

export function useScene(): UsedScene {
  let postgres: TestPostgres;
  let scene: Scene;
  let databaseUrl: string;
  const started: TestFacade[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  beforeEach(async () => {
    scene = await startScene();
    databaseUrl = await postgres.createMigrated();
  });
  afterEach(async () => {
    for (const one of started.splice(0)) await one.stop();
    await scene.close();
  });
  afterAll(() => postgres.close());
  return {
    started,
    get postgres() {
      return postgres;
    },
    get databaseUrl() {
      return databaseUrl;
    },
    get sandbox() {
      return scene.sandbox;
    },
    get gateway() {
      return scene.gateway;
    },
  };
}
