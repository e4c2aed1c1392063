import { expect, test } from 'vitest';
import { fuzzFacade } from './kit/fuzzed-facade.ts';

/** Five seconds of what `npm run fuzz` does for two minutes. */

test('five seconds of damaged requests neither end nor hold the process, and leave nothing behind', async () => {
  const { connections, answers, faults } = await fuzzFacade(20_261, 5_000);
  expect(faults).toEqual([]);
  expect(connections).toBeGreaterThan(300);
  // It got through to both ends: to the parser that refuses, and to the upstreams.
  expect(answers['400']).toBeGreaterThan(20);
  expect(answers['200']).toBeGreaterThan(20);
}, 40_000);
