import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Real sockets, pools and breaker timers: a process per file, so that what one leaks no other sees.
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    include: ['test/{unit,e2e,security,contract}/**/*.test.ts'],
    exclude: ['test/e2e/external/**'],
  },
});
