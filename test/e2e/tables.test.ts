import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONTACT2SALE } from '../../src/c2s/pair/contact2sale.ts';
import { parseConfig } from '../../src/facade/config/load.ts';
import { GATEWAY_OPERATIONS, type Operation } from '../../src/c2s/gateway/operations.ts';
import { compileRoutes } from '../../src/facade/rollout/compile.ts';
import type { RouteModel } from '../../src/facade/rollout/route.ts';
import { SANDBOX_OPERATIONS } from '../../src/c2s/sandbox/index.ts';

/** The facade's routes, the gateway's operations and the sandbox's endpoints say the same of every operation. */

const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), { C2S_BASE_URL: 'http://127.0.0.1:1' });
if (!parsed.ok) throw new Error('the shipped table is refused');
const operations: readonly Operation[] = GATEWAY_OPERATIONS;
const routes = new Map(compileRoutes(parsed.config, CONTACT2SALE).map((model) => [model.id, model]));
const spell = ({ method, template }: RouteModel['direct'][number]) => `${method} ${template}`;

test('every direct endpoint of the table is an endpoint of the sandbox, and the other way round', () => {
  const ofSandbox = SANDBOX_OPERATIONS.map(({ id, method, path, aliases }) => [id, [`${method} ${path}`, ...aliases]]);
  const ofTable = [...routes.values()]
    .filter(({ direct }) => direct.length > 0)
    .map(({ id, direct }) => [id, direct.map(spell)]);
  expect(Object.fromEntries(ofTable)).toEqual(Object.fromEntries(ofSandbox));
});

test('the success status that the table restores is the one that Contact2Sale gives', () => {
  for (const { id, success } of SANDBOX_OPERATIONS) {
    expect([id, routes.get(id)?.success.direct ?? 200]).toEqual([id, success]);
  }
});

test('every gateway endpoint of the table, aliases included, is an operation of the gateway', () => {
  for (const { id, gateway } of routes.values()) {
    if (gateway.length === 0) continue;
    const operation = operations.find((candidate) => candidate.id === id);
    expect(operation, id).toBeDefined();
    const known = [operation!.path, ...(operation!.aliases ?? [])].map((path) => `${operation!.method} ${path}`);
    expect([id, gateway.map(spell).filter((endpoint) => !known.includes(endpoint))]).toEqual([id, []]);
    expect(spell(gateway[0]!)).toBe(known[0]);
  }
});

test('a route is direct only where the gateway has no such operation', () => {
  const alone = [...routes.values()].filter(({ gateway }) => gateway.length === 0).map(({ id }) => id);
  expect(alone).toEqual(
    SANDBOX_OPERATIONS.map(({ id }) => id).filter((id) => !operations.some((one) => one.id === id)),
  );
});

test('the gateway asks Contact2Sale for what the table calls the direct endpoint', () => {
  for (const { id, upstream } of operations) {
    if (!upstream) continue;
    const direct = routes.get(id)?.direct[0];
    expect([id, direct && spell(direct)]).toEqual([id, `${upstream.method} ${upstream.path}`]);
  }
});

test('what the gateway knows of a query, the table knows', () => {
  for (const { id, query, queryDefaults } of operations) {
    const route = routes.get(id);
    if (!route) continue;
    expect([id, Object.keys(route.query).toSorted()]).toEqual([id, Object.keys(query?.shape ?? {}).toSorted()]);
    const defaults = Object.entries(route.query).flatMap(([name, rule]) =>
      rule.default ? [[name, rule.default]] : [],
    );
    expect([id, Object.fromEntries(defaults)]).toEqual([id, queryDefaults ?? {}]);
  }
});

test('every body field of the gateway has its rule in the table', () => {
  for (const { id, body } of operations) {
    const route = routes.get(id);
    if (!route) continue;
    const known = Object.keys(body?.shape ?? {});
    const ruled = Object.keys(route.body?.fields ?? {});
    expect([id, ruled.filter((name) => !known.includes(name))]).toEqual([id, []]);
  }
});
