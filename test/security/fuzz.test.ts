import { expect, test } from 'vitest';
import { fuzzFacade } from './kit/fuzzed-facade.ts';

/** A part of what `npm run fuzz` does for two minutes, by the amount and not by the time: machines differ. */

const CONNECTIONS = 2_500;

test(`${CONNECTIONS} connections of damaged requests neither end nor hold the process, and leave nothing behind`, async () => {
  const end = performance.now() + 60_000;
  const { connections, answers, faults } = await fuzzFacade(20_261, (soFar) => {
    const isThrough = ['200', '400'].every((status) => (soFar.answers[status] ?? 0) > 20);
    return (isThrough && soFar.connections >= CONNECTIONS) || performance.now() > end;
  });
  expect(faults).toEqual([]);
  expect(connections).toBeGreaterThanOrEqual(CONNECTIONS);
  // It got through to both ends: to the parser that refuses, and to the upstreams.
  expect(answers['400']).toBeGreaterThan(20);
  expect(answers['200']).toBeGreaterThan(20);
}, 120_000);
