import { readFileSync } from 'node:fs';
import express from 'express';
import supertest from 'supertest';
import { describe, expect, test } from 'vitest';
import { DATABASE_DOWN } from '../../../src/c2s/enrichment/availability.ts';
import { createEndpoints } from '../../../src/c2s/enrichment/endpoints.ts';
import { VARIABLE_NAMES } from '../../../src/c2s/environment.ts';
import { VARIABLE_NAMES as GATEWAYS } from '../../../src/c2s/gateway/environment.ts';
import { FACADE_FORMER_NAMES, GATEWAY_FORMER_NAMES } from '../../../src/c2s/gateway/former-names.ts';
import { createPages } from '../../../src/facade/forward/pages.ts';
import { createLogs } from '../../../src/http/log.ts';
import { filled, routesOf } from '../../security/kit/express-routes.ts';
import { webhookOptions } from '../../security/kit/webhook-server.ts';

/** What docs/from-the-old-services.md says of endpoints and variables is so. */

const PAGE = readFileSync('docs/from-the-old-services.md', 'utf8');
const { log } = createLogs('silent', process.stderr);
const endpoints = createEndpoints({
  availability: () => ({ isOpen: false, problem: DATABASE_DOWN }),
  callerOf: () => 'a-caller',
  isOpen: false,
  webhooks: webhookOptions('webhook-secret-of-the-page'),
  syncDeadline: () => 1_000,
  log,
  onAnswered: () => undefined,
});
const pages = createPages(() => false, log, [endpoints]);
const server = supertest(express().use((req, res) => pages.serve(req, res, false)));

const sectionOf = (title: string): string => PAGE.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
/** Rows of a table, without its head. */
const rowsOf = (title: string): string[][] =>
  sectionOf(title)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

describe('the table of endpoints', () => {
  const named = rowsOf('Endpoints of the enrichment').flatMap(([, old = '', here = '']) =>
    [...old.matchAll(/`(GET|POST) (\/[^`?]*)/g)].map(([, method = '', path = '']) => ({ method, path, here })),
  );

  test('has every endpoint that there is', () => {
    const routes = routesOf(endpoints.router).flatMap(({ path, methods }) =>
      methods.map((method) => `${method} ${path}`),
    );
    expect(routes.length).toBeGreaterThan(8);
    expect(routes.filter((route) => !named.some(({ method, path }) => `${method} ${path}` === route))).toEqual([]);
  });

  test.each(named)('$method $path: $here', async ({ method, path, here }) => {
    const target = filled(path, 'x');
    const { status } = await (method === 'GET' ? server.get(target) : server.post(target).send({}));
    if (here === '501') expect(status).toBe(501);
    else expect([200, DATABASE_DOWN.status, 400]).toContain(status);
  });
});

describe('the variables', () => {
  const FORMER = Object.keys({ ...FACADE_FORMER_NAMES, ...GATEWAY_FORMER_NAMES });
  /** Of the command line alone. */
  const COMMANDS = ['IMPORT_FROM', 'SMOKE_TOKEN', 'SMOKE_LEAD_ID'];

  test('of which the page tells a former name are all that there are', () => {
    expect(FORMER.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  test('that the page names are read', () => {
    const known = new Set([...VARIABLE_NAMES, ...GATEWAYS, ...FORMER, ...COMMANDS]);
    const named = [...PAGE.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[`=]|^ {4}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=/gm)];
    const names = new Set(named.map(([, inText, inBlock]) => inText ?? inBlock ?? ''));
    expect(names.size).toBeGreaterThan(25);
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
  });

  test('that the table says to be called the same are read under that name', () => {
    const same = rowsOf('Variables').filter(([, , here = '']) => here.startsWith('the same'));
    const names = same.flatMap(([, old = '']) => [...old.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !VARIABLE_NAMES.includes(name ?? ''))).toEqual([]);
  });
});
