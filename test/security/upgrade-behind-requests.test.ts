import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../e2e/kit/upstream.ts';
import { get, startWire, WAYS, type Wire } from '../e2e/kit/wire.ts';

/**
 * Node gives a connection away with an upgrade, and the answers that are still owed on it are then never closed when the
 * caller leaves. Whoever repeated that took every place of the bulkhead, for good, without a token.
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterAll(() => wire.close());

test('an upgrade behind requests that are under way takes no place of the upstream for good', async () => {
  const passthrough = WAYS[2];
  wire.direct.script({});
  for (let i = 0; i < 5; i++) {
    const upgrade = get(passthrough, 'connection: upgrade\r\nupgrade: websocket\r\n');
    const caller = wire.caller();
    caller.send(get(passthrough) + get(passthrough) + upgrade);
    await until(() => wire.direct.requests.length >= 2 * (i + 1), 'both requests reach Contact2Sale');
    caller.destroy();
  }
  const inflight = async (): Promise<boolean> => (await wire.facade.metric(/^facade_inflight\{/)) === 0;
  await until(inflight, 'the places are given back', 3_000);
});
