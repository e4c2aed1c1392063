import { afterEach, expect, test } from 'vitest';
import { examineUpstream } from '../../../../src/facade/cli/doctor/upstream.ts';
import { startUpstream } from '../../../e2e/kit/upstream.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** What doctor says of the health checks of a gateway that answers so. */
async function examine(status: number) {
  const gateway = await startUpstream((_, res) => res.writeHead(status).end('a page'));
  closing.push(() => gateway.close());
  const health = { path: '/health', expected: [{ from: 200, to: 399 }], timeoutMs: 30_000 };
  const found = await examineUpstream({
    ...{ subject: 'gateway', url: gateway.url, variable: 'C2S_GATEWAY_URL', now: Date.now, health },
  });
  const { state, text, remedy } = found.at(-1) ?? {};
  return { state, text, remedy, received: gateway.received };
}

test.each([
  [200, 'ok', 'health check GET /health: 200', undefined],
  [301, 'ok', 'health check GET /health: 301', undefined],
  [
    404,
    'fail',
    'health check GET /health is answered 404, which is not expected',
    'correct upstreams.gateway.health.path, or add 404 to its expectedStatuses',
  ],
  [
    503,
    'warn',
    'health check GET /health is answered 503, which is not expected',
    'correct upstreams.gateway.health.path, or add 503 to its expectedStatuses',
  ],
])('of a page that is answered %i doctor says %s', async (status, state, text, remedy) => {
  const { received, ...said } = await examine(status);
  expect(said).toEqual({ state, text, remedy });
  expect(received.map(({ url, headers }) => [url, headers['authorization']])).toEqual([['/health', undefined]]);
});
