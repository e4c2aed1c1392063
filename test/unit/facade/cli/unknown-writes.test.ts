import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, startFakeAdmin, type FakeAdmin } from './kit.ts';
import { UNKNOWN_WRITES } from './data.ts';

const ID = '2f1d8a52-5d58-4a6e-9f6c-0b1f6a1b8c01';
let settled: string[] = [];
let admin: FakeAdmin;
beforeEach(async () => {
  settled = [ID];
  admin = await startFakeAdmin({
    'GET /api/unknown-writes': UNKNOWN_WRITES,
    get 'POST /api/unknown-writes/settle'() {
      return { settled };
    },
  });
});
afterEach(() => admin.close());

const run = (...argv: string[]) => cli(['unknown-writes', ...argv, '--admin', admin.url], { width: 120 });

describe('unknown-writes', () => {
  it.each<[string, string[], string]>([
    ['ids without --settle', [ID], 'Say what is to be done with them: --settle.'],
    ['no ids', ['--settle', '--why', 'x'], 'Write the ids of unknown writes.'],
    ['no reason', ['--settle', ID], 'Say what you found, for the record: --why <text>.'],
    ['both', ['--settle', ID, '--arrived', '--not-arrived', '--why', 'x'], 'not both.'],
    ['--arrived alone', ['--arrived'], '--arrived, --not-arrived and --why belong to --settle.'],
    ['--not-arrived alone', ['--not-arrived'], 'belong to --settle.'],
    ['--why alone', ['--why', 'x'], 'belong to --settle.'],
  ])('refuses, and asks nobody: %s', async (_, argv, message) => {
    const { code, err } = await run(...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(admin.told).toEqual([]);
  });

  it.each<[string, string[], object]>([
    ['arrived', ['--arrived'], { found: 'arrived' }],
    ['not arrived', ['--not-arrived'], { found: 'not_arrived' }],
    ['neither', [], {}],
  ])('settles: %s', async (_, argv, found) => {
    const { code, out } = await run('--settle', ID, ...argv, '--why', 'it is there');
    expect([code, out]).toEqual([0, expect.stringContaining('Settled: 1 write.')]);
    expect(admin.told).toMatchObject([{ method: 'POST', body: { ids: [ID], why: 'it is there', ...found } }]);
    expect(Object.hasOwn(admin.told[0]?.body as object, 'found')).toBe('found' in found);
  });

  it('says that nothing was settled', async () => {
    settled = [];
    expect((await run('--settle', ID, '--why', 'x')).out).toContain('Settled: none.');
  });

  it('asks for a state and a number of them', async () => {
    await run('--state', 'cannot_tell', '--limit', '5');
    expect(admin.told.map(({ url }) => url)).toEqual(['/api/unknown-writes?limit=5&state=cannot_tell']);
  });
});
