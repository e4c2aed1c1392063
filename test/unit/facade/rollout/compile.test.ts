import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import type { RouteModel } from '../../../../src/facade/rollout/route.ts';
import { configOf, CREATE_LEAD, GET_LEAD, withRows } from '../config/support.ts';

function compileOne(row: string, head = ''): RouteModel {
  const [model] = compileRoutes(configOf(`${head}${withRows(row)}`), CONTACT2SALE);
  if (!model) throw new Error('no route was compiled');
  return model;
}
const rollout = (row: string, written: string) => row.replace('{ gateway: 0 }', written);

describe('a compiled route', () => {
  it('has one model for each route, in the order of the file', () => {
    const models = compileRoutes(configOf(withRows(CREATE_LEAD, GET_LEAD)), CONTACT2SALE);
    expect(models.map(({ id }) => id)).toEqual(['leads.create', 'leads.get']);
  });

  it('refers to a parameter by its place, the same on every endpoint', () => {
    const row = 'id: a\ndirect: [GET /a/:x/b/:y, GET /z/:y/:x]\ngateway: GET /c/:y/d/:x\nrollout: { gateway: 0 }';
    const model = compileOne(row);
    expect(model.params).toEqual(['x', 'y']);
    expect(model.direct).toEqual([
      { method: 'GET', template: '/a/:x/b/:y', segments: ['a', 0, 'b', 1] },
      { method: 'GET', template: '/z/:y/:x', segments: ['z', 1, 0] },
    ]);
    expect(model.gateway[0]?.segments).toEqual(['c', 1, 'd', 0]);
  });

  it('knows the root path, which has no segments', () => {
    expect(compileOne('id: root\ngateway: GET /\nrollout: { gateway: 100 }').gateway[0]).toEqual({
      method: 'GET',
      template: '/',
      segments: [],
    });
  });

  it('turns every percentage of two decimals into its bucket exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (bucket) => {
        const percentage = (bucket / 100).toFixed(2);
        const model = compileOne(rollout(GET_LEAD, `{ gateway: ${percentage}, shadow: ${percentage} }`));
        expect(model.rollout).toMatchObject({ gateway: bucket, shadow: bucket });
      }),
      { numRuns: 100, examples: [[29], [57], [1], [9_999], [10_000]] },
    );
  });

  it.each([
    ['the first path parameter when it says nothing', GET_LEAD, '{ gateway: 0 }', 0],
    ['the caller when the path has none', CREATE_LEAD, '{ gateway: 0 }', -1],
    ['the caller when it says so', GET_LEAD, '{ gateway: 0, stickyBy: caller }', -1],
    ['the parameter that it names', GET_LEAD, '{ gateway: 0, stickyBy: leadId }', 0],
  ])('sticks by %s', (_, row, written, index) => {
    expect(compileOne(rollout(row, written)).rollout.stickyBy).toBe(index);
  });

  it.each([
    ['GET', 'safe'],
    ['HEAD', 'safe'],
    ['OPTIONS', 'unsafe'],
    ['POST', 'unsafe'],
    ['PUT', 'unsafe'],
    ['PATCH', 'unsafe'],
    ['DELETE', 'unsafe'],
  ])('%s is %s by default', (method, safety) => {
    expect(compileOne(GET_LEAD.replaceAll('GET', method)).safety).toBe(safety);
  });

  it('is unsafe by default when one of its endpoints writes, and what it declares otherwise', () => {
    expect(compileOne(GET_LEAD.replace('GET /leads', 'POST /leads')).safety).toBe('unsafe');
    expect(compileOne(`${CREATE_LEAD}\nsafety: idempotent`).safety).toBe('idempotent');
    expect(compileOne(`${GET_LEAD}\nsafety: unsafe`).safety).toBe('unsafe');
  });

  it('falls back to direct by default, and to nothing where there is no direct endpoint', () => {
    expect(compileOne(GET_LEAD).rollout.fallback).toBe('direct');
    expect(compileOne(rollout(GET_LEAD, '{ gateway: 0, fallback: none }')).rollout.fallback).toBe('none');
    expect(compileOne('id: s\ngateway: GET /s\nrollout: { gateway: 100 }').rollout.fallback).toBe('none');
  });

  it('takes from the defaults what it does not write itself, in milliseconds and bytes', () => {
    const head = 'defaults: { maxBody: 64KiB, deadlines: { idle: 1m }, breaker: { window: 500ms, errorRate: 0.2 } }\n';
    const model = compileOne(`${GET_LEAD}\ndeadlines: { total: 1.5h }\nbreaker: { enabled: false, reset: 2s }`, head);
    expect(model.maxBodyBytes).toBe(65_536);
    expect(model.deadlines).toEqual({ connect: 3_000, firstByte: 20_000, idle: 60_000, total: 5_400_000 });
    expect(model.breaker).toEqual({
      enabled: false,
      windowMs: 500,
      volumeThreshold: 10,
      errorRate: 0.2,
      slowCallMs: 10_000,
      slowRate: 0.8,
      resetMs: 2_000,
      rampStepMs: 5_000,
    });
    expect(compileOne(`${GET_LEAD}\nmaxBody: 2MiB`, head).maxBodyBytes).toBe(2_097_152);
  });
});
