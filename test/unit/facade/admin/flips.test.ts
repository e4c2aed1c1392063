import express from 'express';
import supertest from 'supertest';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { flipRoutes } from '../../../../src/facade/admin/flips.ts';
import { pageErrors } from '../../../../src/http/page-errors.ts';
import { createLogs } from '../../../../src/http/log.ts';
import { startRig, table, type Rig } from '../steer/rig.ts';

/** What POST /api/flips refuses before anything is asked of the steering. */

const TABLE = table({ 'leads.get': 0, 'tags.list': 0 });
let rig: Rig;
let app: express.Express;
let killSwitch: { on: boolean; by: string[]; file: string | undefined };
beforeEach(() => {
  rig = startRig('file', TABLE);
  app = express();
  killSwitch = { on: false, by: [], file: undefined };
  const { log } = createLogs('silent', { write: () => undefined });
  app.use('/api', flipRoutes({ steering: rig.steering, killSwitch, adminToken: undefined }));
  app.use(pageErrors({ log }));
});
afterEach(() => rig.close());

const change = (route: string, gateway: number) => ({ route, set: { gateway } });

test.each([
  [['leads.get', 'leads.get'], 'changes.1.route: leads.get stands there twice; write one change for each route'],
  [['leads.get', 'tags.list', 'leads.get'], 'changes.2.route: leads.get stands there twice'],
  [['leads.gone', 'leads.gone'], 'changes.1.route: leads.gone stands there twice'],
])('a route that is named twice is refused by its name: %j', async (routes, detail) => {
  const changes = routes.map((route, i) => change(route, i));
  for (const dryRun of [true, false]) {
    const refused = await supertest(app).post('/api/flips').send({ changes, dryRun });
    expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining(detail) as string } });
  }
  expect(rig.text()).toBe(TABLE);
});

test('each route once is a flip', async () => {
  const changes = [change('leads.get', 5), change('tags.list', 10)];
  await supertest(app).post('/api/flips').send({ changes }).expect(200);
  expect([rig.rollout('leads.get')?.gateway, rig.rollout('tags.list')?.gateway]).toEqual([5, 10]);
});

test.each([
  [false, undefined],
  [true, true],
])('a flip says whether the kill switch keeps it from serving: %s', async (on, said) => {
  Object.assign(killSwitch, { on });
  for (const dryRun of [true, false]) {
    const answered = await supertest(app)
      .post('/api/flips')
      .send({ changes: [change('leads.get', 5)], dryRun })
      .expect(200);
    expect((answered.body as { killSwitch?: boolean }).killSwitch).toBe(said);
  }
});

test('the kill switch names the file that holds it', async () => {
  Object.assign(killSwitch, { on: true, by: ['file'], file: '/run/direct' });
  const answered = await supertest(app).get('/api/kill-switch').expect(200);
  expect(answered.body).toEqual({ on: true, by: ['file'], file: '/run/direct' });
});
