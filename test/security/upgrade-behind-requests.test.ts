import { afterAll, beforeAll, test } from 'vitest';
import { until } from '../e2e/kit/upstream.ts';
import { get, startWire, WAYS, type Wire } from '../e2e/kit/wire.ts';

/**
 * Node gives a connection away with an upgrade, and the answers that are still owed on it are then never closed when the
 * caller leaves. Whoever repeated that took every place of the bulkhead, for good, without a token.
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterAll(() => wire.close());

const UPGRADE = get(WAYS[2], 'connection: upgrade\r\nupgrade: websocket\r\n');
const CONNECT = 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n';

test.each([
  ['an upgrade', UPGRADE],
  ['a CONNECT', CONNECT],
])('%s behind requests that are under way takes no place of the upstream for good', async (_, last) => {
  wire.reset();
  wire.direct.script({});
  for (let i = 0; i < 5; i++) {
    const caller = wire.caller();
    caller.send(get(WAYS[2]) + get(WAYS[2]));
    // The second waits for the answer to the first: a connection has one request under way.
    await until(() => wire.direct.requests.length === i + 1, 'the first request reaches Contact2Sale');
    caller.send(last);
    await wire.caller().ask('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    caller.destroy();
  }
  const isIdle = async (): Promise<boolean> => (await wire.facade.metric(/^facade_inflight\{/)) === 0;
  await until(isIdle, 'the places are given back', 3_000);
});
