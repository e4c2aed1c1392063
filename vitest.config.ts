import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Real sockets, pools and breaker timers: a process per file, so that what one leaks no other sees.
    pool: 'forks',
    // Much of an end-to-end test is waiting, so two at a time also where there are two cores; by default it would be one.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    include: ['test/{unit,e2e,security,contract}/**/*.test.ts'],
    exclude: ['test/e2e/external/**'],
  },
});
