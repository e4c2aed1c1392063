import express from 'express';
import supertest from 'supertest';
import { describe, expect, test } from 'vitest';
import { autopilotRoutes } from '../../../../src/facade/admin/autopilot.ts';
import { pageErrors } from '../../../../src/http/page-errors.ts';
import { log } from '../store/kit.ts';
import { SETTINGS } from '../compare/autopilot/facts.ts';
import { World } from '../compare/autopilot/world.ts';

const containing = (text: string): unknown => expect.stringContaining(text);

function setUp() {
  const world = new World();
  world.add('leads.get', { settings: { ...SETTINGS, mode: 'propose' } });
  world.add('tags.list', { gateway: 25 });
  const autopilot = world.autopilot();
  const api = supertest(
    express()
      .use('/api', autopilotRoutes({ autopilot, adminToken: undefined }))
      .use(pageErrors({ log })),
  );
  const after = async (ms: number): Promise<void> => {
    world.now += ms;
    await autopilot.tick();
  };
  return { world, api, after };
}

describe('/api/autopilot', () => {
  test('shows every route with its phase, the numbers of its gates, and the change it proposes', async () => {
    const { api, after } = setUp();
    await after(0);
    await after(SETTINGS.hold);
    const answer = await api.get('/api/autopilot').expect(200);
    expect(answer.body).toMatchObject({
      routes: [
        {
          route: 'leads.get',
          mode: 'propose',
          phase: 'proposing',
          gateway: 0,
          proposal: { gateway: 1, diff: containing('+  - leads.get: 1') },
          evidence: { gates: { parity: { state: 'green' } } },
        },
        { route: 'tags.list', phase: 'holding', why: containing('not enough data: 0 of 200 attempts') },
      ],
    });
  });

  test('shows one route with its decisions, newest first', async () => {
    const { world, api, after } = setUp();
    await after(0);
    world.humanSets('tags.list', 50);
    await after(1);
    const answer = await api.get('/api/autopilot/tags.list').expect(200);
    expect(answer.body).toMatchObject({
      route: 'tags.list',
      phase: 'paused',
      decisions: [{ decision: 'pause', to: 50 }],
    });
  });

  test('pauses and resumes a route at once', async () => {
    const { api } = setUp();
    const paused = await api.post('/api/autopilot/tags.list/pause').expect(200);
    expect(paused.body).toMatchObject({ phase: 'paused', why: 'paused by the admin API' });
    const resumed = await api.post('/api/autopilot/tags.list/resume').expect(200);
    expect(resumed.body).toMatchObject({ phase: 'holding' });
  });

  test('says who paused a route, through what, and why', async () => {
    const { api } = setUp();
    const order = api.post('/api/autopilot/tags.list/pause').set('x-c2s-admin', 'cli');
    const paused = await order.send({ who: 'ana', why: 'the gateway is deployed' }).expect(200);
    expect(paused.body).toMatchObject({ phase: 'paused', why: 'paused by ana (cli): the gateway is deployed' });
  });

  test.each([
    ['get', '/api/autopilot/leads.create'],
    ['post', '/api/autopilot/leads.create/pause'],
    ['post', '/api/autopilot/%3Cb%3E/resume'],
  ] as const)('%s %s: 404 for a route that is not on autopilot, saying how to put it there', async (method, path) => {
    const { api } = setUp();
    const answer = await api[method](path).expect(404);
    expect(answer.body).toMatchObject({ detail: containing('autopilot: {}') });
    expect(answer.text).not.toContain('<b>');
  });
});
