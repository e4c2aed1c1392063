import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { successStatus } from '../../../../src/facade/dialect/success-status.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import type { RouteModel } from '../../../../src/facade/rollout/route.ts';
import { configOf } from '../config/support.ts';
import { successOf } from './rows.ts';

describe('the success status that the asking dialect owes', () => {
  // Only `success` is read: a model is made of the rest by the loader.
  const messages = { success: successOf('leads.messages.create') } as RouteModel;
  const plain = { success: {} } as RouteModel;

  it('is 201 for create_message when the gateway said 200', () =>
    expect(successStatus(messages, 'direct', 'gateway', 200)).toBe(201));
  it('is 200 for a message asked in the gateway dialect when Contact2Sale said 201', () =>
    expect(successStatus(messages, 'gateway', 'direct', 201)).toBe(200));
  it('is what came when the dialect is that of the path', () => {
    expect(successStatus(messages, 'direct', 'direct', 200)).toBe(200);
    expect(successStatus(messages, 'gateway', 'gateway', 201)).toBe(201);
  });
  it('is what came on routes that owe nothing', () => expect(successStatus(plain, 'direct', 'gateway', 200)).toBe(200));
  it.each([202, 203, 204, 205, 206, 302, 304, 400, 404, 422, 500])('leaves %i alone', (status) =>
    expect(successStatus(messages, 'direct', 'gateway', status)).toBe(status),
  );
});

describe('what a pair owes on every route', () => {
  const config = configOf(readFileSync(new URL('../../../../config/facade.yaml', import.meta.url), 'utf8'));
  const routes = compileRoutes(config, CONTACT2SALE);

  // The clients of the old gateway compare with 200, whichever path serves them.
  it.each(routes.map((route) => [route.id, route] as const))('%s is 200 in the gateway dialect', (_, route) => {
    expect([200, 201].map((status) => successStatus(route, 'gateway', 'direct', status))).toEqual([200, 200]);
  });

  it('is nothing in the direct dialect, but for the route that says so', () => {
    const kept = routes.filter((route) => successStatus(route, 'direct', 'gateway', 200) !== 200);
    expect(kept.map(({ id }) => id)).toEqual(['leads.messages.create']);
  });

  it('gives way to what a route says', () => {
    const pair = { ...CONTACT2SALE, success: { direct: 201, gateway: 201 } };
    const route = compileRoutes(config, pair).find(({ id }) => id === 'leads.messages.create');
    expect(route?.success).toEqual({ direct: 201, gateway: 200 });
  });
});
