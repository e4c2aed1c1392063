import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Files that count what their whole process holds on to, or change it as a whole: each has one of its own. */
const WHOLE_PROCESS = ['test/e2e/faults/**/*.test.ts', 'test/security/fuzz.test.ts'];

/** Load, whole tables, and what is killed or starves its database: `npm run test:e2e` (vitest.e2e.config.ts); few rows here. */
const LOAD = 'test/**/*.load.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    // More than half of an end-to-end test is waiting, so four at a time also where there are two cores.
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    globalSetup: 'test/e2e/kit/shared-postgres.ts',
    // Facades that tests start as processes: a start from the sources costs a third less with their code in a cache.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node-compile') },
    projects: [
      {
        extends: true,
        test: {
          name: 'sockets',
          // Each file closes what it opened, so that files share a process: to start one and to load the facade into it
          // took over a second of each file.
          isolate: false,
          include: ['test/{e2e,security,contract}/**/*.test.ts'],
          exclude: ['test/e2e/external/**', LOAD, ...WHOLE_PROCESS],
        },
      },
      {
        extends: true,
        test: { name: 'process', isolate: true, include: WHOLE_PROCESS, exclude: [LOAD] },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          // Most of these files take milliseconds, and a process with its imports each took over half of the time.
          isolate: false,
          include: ['test/unit/**/*.test.ts'],
        },
      },
    ],
  },
});
