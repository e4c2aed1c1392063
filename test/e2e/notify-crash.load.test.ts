import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startHook, taking, NOTIFY_SECRET } from './kit/hook.ts';
import { Opened } from './kit/load.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startUpstream, until } from './kit/upstream.ts';

/** `kill -9` between a flip and its notification: whoever is to be told is told by the next process, and in order. */

const opened = new Opened();
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());
afterEach(opened.closeAll);

async function post(facade: FacadeProcess, gateway: number): Promise<number> {
  const { adminUrl } = await facade.ready();
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  const body = JSON.stringify({
    changes: [{ route: 'leads.get', set: { gateway } }],
    who: 'ana',
    why: 'a test',
    force: true,
  });
  return (await fetch(`${adminUrl}/api/flips`, { method: 'POST', headers, body })).status;
}

test.each<[string, (res: ServerResponse) => void]>([
  ['while the target is down', (res) => res.writeHead(503).end()],
  ['in the midst of a post', () => undefined],
])('killed %s', { timeout: 150_000 }, async (_, answer) => {
  const DATABASE_URL = await postgres.createMigrated();
  const hook = opened.keep(await startHook());
  const direct = opened.keep(await startUpstream((_request, res) => res.writeHead(200).end('{}')));
  const start = () =>
    opened.keep(
      startProcess({
        env: { DATABASE_URL, C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: direct.url, HOOK_URL: hook.url, NOTIFY_SECRET },
        edit: (config) => config.set('notify', config.createNode([{ url: '${HOOK_URL}' }])),
      }),
    );
  hook.answer = answer;
  const first = start();
  await until(async () => (await post(first, 1)) === 200, 'the first flip', 30_000);
  await until(() => hook.count() > 0, 'it is posted');
  expect(await post(first, 2)).toBe(200);
  process.kill(first.child.pid as number, 'SIGKILL');
  await first.exited();
  hook.answer = taking;
  start();
  // What was under way is taken over when its lease is over.
  await until(() => hook.told.length >= 2, 'both are told by the next process', 90_000);
  // What was under way may come behind what was not.
  expect(new Set(hook.told.map(({ revision }) => revision))).toEqual(new Set([1, 2]));
  expect(hook.forged()).toBe(0);
});
