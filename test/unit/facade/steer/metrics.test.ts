import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { observeShared } from '../../../../src/facade/steer/metrics.ts';

/** facade_store_up: 1, 0, or no series at all. */
test.each([
  { hasStore: true, silenceMs: 400, up: '1' },
  { hasStore: true, silenceMs: 15_000, up: '1' },
  { hasStore: true, silenceMs: 15_001, up: '0' },
  { hasStore: true, silenceMs: undefined, up: '0' },
  { hasStore: false, silenceMs: undefined, up: undefined },
])(
  'a store ($hasStore) that has been silent for $silenceMs ms is shown as $up',
  async ({ hasStore, silenceMs, up }) => {
    const registry = new Registry();
    observeShared(registry, () => ({ hasStore, silenceMs, revision: undefined, behind: undefined }));
    expect(/^facade_store_up (\d)$/m.exec(await registry.metrics())?.[1]).toBe(up);
  },
);
