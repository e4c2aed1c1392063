import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:e2e`: first the tests whose point is quantity, of which `npm test` runs a few rows; then what needs a
 * program that npm does not bring (chromium, prometheus).
 */
export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As in vitest.config.ts: hundreds of facades are started from the sources here.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node-compile') },
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'load',
          include: ['test/**/*.load.test.ts'],
          globalSetup: 'test/e2e/kit/shared-postgres.ts',
          // As in vitest.config.ts.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'external',
          include: ['test/e2e/external/**/*.test.ts'],
          globalSetup: 'test/e2e/kit/built.ts',
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
