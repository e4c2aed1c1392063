import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { UnknownWriteMetrics } from '../../../../../src/facade/compare/unknown-writes/metrics.ts';

it('shows what is kept now, and counts what looking came to', async () => {
  const registry = new Registry();
  const metrics = new UnknownWriteMetrics(registry);
  metrics.counted([
    { route: 'a', state: 'open', cause: 'upstream', count: 2 },
    { route: 'b', state: 'cannot_tell', cause: 'caller', count: 1 },
  ]);
  // What is worked off meanwhile is shown no more.
  metrics.counted([{ route: 'a', state: 'open', cause: 'upstream', count: 3 }]);
  metrics.lookedFor('a', 'arrived');
  metrics.lookedFor('a', 'arrived');
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual([
    'facade_unknown_writes{route="a",state="open",cause="upstream"} 3',
    'facade_unknown_write_results_total{route="a",result="arrived"} 2',
  ]);
});
