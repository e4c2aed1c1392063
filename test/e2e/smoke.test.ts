import { afterAll, beforeAll, expect, test } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { cli } from '../unit/facade/cli/kit.ts';
import { messagesOf, startEnriching, startScene, type Scene } from './kit/enrichment.ts';
import { FACADE_TOKEN, type TestFacade } from './kit/facade.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startUpstream } from './kit/upstream.ts';

/** `c2s-facade smoke URL` against a facade on the sandbox, and against what is none. */

let postgres: TestPostgres;
let scene: Scene;
let facade: TestFacade;
const leadId = SEED_LEAD_IDS[0] ?? '';
const env = { SMOKE_TOKEN: FACADE_TOKEN, SMOKE_LEAD_ID: leadId };

beforeAll(async () => {
  [postgres, scene] = await Promise.all([startPostgres(), startScene()]);
  facade = await startEnriching(scene.sandbox, { databaseUrl: await postgres.createMigrated() });
});
afterAll(async () => {
  await facade.stop();
  await scene.close();
  await postgres.close();
});

test('it needs a URL, a token and a lead', async () => {
  expect(await cli(['smoke', 'nowhere'], { env })).toMatchObject({ code: 2, err: /is not a URL/ });
  expect((await cli(['smoke', facade.url], { env: {} })).err).toContain('SMOKE_TOKEN');
  const { code, err } = await cli(['smoke', facade.url, '--token', FACADE_TOKEN], { env: {} });
  expect([code, err]).toEqual([2, expect.stringContaining('SMOKE_LEAD_ID')]);
  const both = await cli(['smoke', facade.url, '--write', '--read-only'], { env });
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining('not both') as string });
  expect(await cli(['smoke', facade.url, '--message', 'hello'], { env })).toMatchObject({ code: 2 });
});

test.each([[[]], [['--read-only']]])('without --write it writes nothing: %j', async (argv) => {
  const { code, out } = await cli(['smoke', facade.url, ...argv], { env });
  expect(code).toBe(0);
  expect(out).toContain('All 2 checks passed.\nNothing was written. --write also sends a message');
  expect(messagesOf(scene.sandbox, leadId)).toEqual([]);
});

test('all four pass, and the lead has the message and the enrichment, once', async () => {
  const { code, out } = await cli(['smoke', `${facade.url}/`, '--write', '--message', 'Hello from the check'], { env });
  expect(out).toMatch(
    /^ok {4}health .*\nok {4}read a lead .* by direct\nok {4}send a message .* by direct\nok {4}enrich a lead .*\nAll 4 checks passed\.\n$/,
  );
  expect(code).toBe(0);
  const messages = messagesOf(scene.sandbox, leadId);
  expect(messages.filter((text) => text === 'Hello from the check')).toHaveLength(1);
  expect(messages).toHaveLength(2);
});

test('a stranger is told what failed, and that a write may have been carried out', async () => {
  const { code, out } = await cli(['smoke', facade.url, '--write', '--token', 'not-a-token-of-ours', '--json'], {
    env,
  });
  expect(code).toBe(1);
  const results = JSON.parse(out) as { check: string; ok: boolean; detail: string }[];
  expect(results.map(({ ok }) => ok)).toEqual([true, false, false, false]);
  expect(results[3]?.detail).toContain('Send Authorization');
  expect(results[3]?.detail).toContain('before you repeat');
  expect(results[1]?.detail).not.toContain('repeat');
});

test('what is no facade, though it answers, is found out', async () => {
  const other = await startUpstream((_req, res) => res.end('{"status":"ok"}'));
  const { code, out } = await cli(['smoke', other.url, '--read-only'], { env });
  await other.close();
  expect(code).toBe(1);
  expect(out).toMatch(/^FAIL {2}health/);
});

test('where nothing answers, it asks no further', async () => {
  const closed = await startUpstream(() => undefined);
  await closed.close();
  const { code, out } = await cli(['smoke', closed.url, '--write'], { env });
  expect(code).toBe(3);
  expect(out).toMatch(/^FAIL {2}health .*ECONNREFUSED.*\n1 failed\.\n$/);
});
