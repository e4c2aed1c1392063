import { expect, test } from 'vitest';
import { SANDBOX_OPERATIONS } from '../../../../src/c2s/sandbox/operations.ts';
import { seededRandom } from '../../../../src/c2s/sandbox/random.ts';
import { startFirstRun } from '../../../../src/c2s/sandbox/first-run.ts';
import { byShare, TRAFFIC, TRAFFIC_CALLERS } from '../../../../src/c2s/sandbox/traffic.ts';
import { until } from '../../../e2e/kit/upstream.ts';

test('the shares are of a hundred, each is of an operation of the sandbox, and reads are most', () => {
  const known: readonly string[] = SANDBOX_OPERATIONS.map(({ id }) => id);
  expect(TRAFFIC.map(({ id }) => id).filter((id) => !known.includes(id))).toEqual([]);
  expect(TRAFFIC.reduce((sum, { share }) => sum + share, 0)).toBe(100);
  expect(TRAFFIC_CALLERS.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  const reads = TRAFFIC.filter((one) => one.plan({ lead: () => 'x', of: ([first]) => first }).method === 'GET');
  expect(reads.reduce((sum, { share }) => sum + share, 0)).toBe(87);
});

test('operations and callers are picked by their shares', () => {
  const random = seededRandom(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const { id } = byShare(TRAFFIC, random);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const { id, share } of TRAFFIC) expect((counts.get(id) ?? 0) / 100).toBeCloseTo(share, -0.5);
});

test('it is sent until it is stopped; direct takes all of it, and the gateway is faulty on one route', async () => {
  const run = await startFirstRun(true);
  try {
    // Against Contact2Sale itself in place of a facade: every operation must be one that it takes.
    const url = run.environment['C2S_BASE_URL'] ?? '';
    const traffic = await run.startTraffic(url);
    await until(() => [...traffic.answered.values()].reduce((sum, n) => sum + n, 0) > 20, 'it is answered', 10_000);
    await run.stopTraffic();
    const sent = [...traffic.answered.values()].join();
    expect([...traffic.answered.values()].join()).toBe(sent);
    const gateway = run.environment['C2S_GATEWAY_URL'] ?? '';
    const colours = async (base: string, path: string, token: string): Promise<unknown[]> => {
      const res = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
      const { data } = (await res.json()) as { data: { attributes: { color?: string } }[] };
      return data.map(({ attributes }) => attributes.color);
    };
    const token = run.environment['C2S_TOKEN'] ?? '';
    expect(await colours(url, `/integration/leads/${run.leadId}/tags`, token)).toEqual(['#3366cc']);
    const seen = async (): Promise<boolean> => {
      const found = await colours(gateway, `/leads/${run.leadId}/tags`, token).catch(() => ['503']);
      return found.length === 1 && found[0] === undefined;
    };
    await until(seen, 'the gateway loses the colour', 5_000);
  } finally {
    await run.close();
  }
});
