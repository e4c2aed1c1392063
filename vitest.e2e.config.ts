import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** What needs a program that npm does not bring (chromium, prometheus): `npm run test:e2e`. */
export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As in vitest.config.ts: hundreds of facades are started from the sources here.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node-compile') },
    include: ['test/e2e/external/**/*.test.ts'],
    passWithNoTests: true,
  },
});
