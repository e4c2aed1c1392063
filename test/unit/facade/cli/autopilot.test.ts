import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUTOPILOT_ONE } from './data.ts';
import { cli, startFakeAdmin, type FakeAdmin } from './kit.ts';

let admin: FakeAdmin;
beforeAll(async () => {
  admin = await startFakeAdmin({
    'GET /api/autopilot': { routes: [] },
    'GET /api/autopilot/tags.list': { route: 'tags.list', decisions: [] },
    'POST /api/autopilot/leads.get/pause': { ...AUTOPILOT_ONE, phase: 'paused', why: 'paused by the admin API' },
    'POST /api/autopilot/leads.get/resume': AUTOPILOT_ONE,
  });
});
afterAll(() => admin.close());
const said = async (...argv: string[]) => {
  const { code, out, err } = await cli(['autopilot', ...argv, '--admin', admin.url]);
  return [code, (out + err).split('\n', 1)[0]];
};

test('pauses and resumes a route, and shows what it then is', async () => {
  expect(await said('leads.get', '--pause')).toEqual([0, 'leads.get: paused at 1 %, mode propose']);
  expect(await said('leads.get', '--resume')).toEqual([0, 'leads.get: proposing at 1 %, mode propose']);
  const asked = admin.told.filter(({ method }) => method === 'POST').map(({ method, url }) => `${method} ${url}`);
  expect(asked).toEqual(['POST /api/autopilot/leads.get/pause', 'POST /api/autopilot/leads.get/resume']);
});

test('says what is missing', async () => {
  expect(await said()).toEqual([0, expect.stringContaining('No route is on autopilot') as string]);
  expect(await said('tags.list')).toEqual([0, 'tags.list is on autopilot, and was not looked at yet.']);
  expect(await said('--pause')).toEqual([2, 'Name the route to pause.']);
  expect(await said('leads.get', '--pause', '--resume')).toEqual([2, 'Write --pause or --resume, not both.']);
});
