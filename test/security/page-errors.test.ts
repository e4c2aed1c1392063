import type { IncomingMessage, ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Express } from 'express';
import supertest from 'supertest';
import { afterEach, beforeAll, afterAll, describe, expect, test, vi, type MockInstance } from 'vitest';
import { auditRoutes } from '../../src/c2s/admin/audit.ts';
import { deadLetterRoutes } from '../../src/c2s/admin/dead-letters.ts';
import { peopleRoutes } from '../../src/c2s/admin/people.ts';
import { createAdmin, type AdminOptions } from '../../src/facade/admin/server.ts';
import { createEndpoints } from '../../src/c2s/enrichment/endpoints.ts';
import { createPages } from '../../src/facade/forward/pages.ts';
import { createLogs } from '../../src/http/log.ts';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { webhookOptions } from './kit/webhook-server.ts';
import { filled, routesOf, type ExpressRoute } from './kit/express-routes.ts';

/**
 * Every route that Express serves, public and admin, when a request or a handler goes wrong: a problem document with the
 * id of the request, and no stack, no path and nothing of what was sent, in no answer and in no log. The routes are read
 * from Express, so that a new one is in the table.
 */

const cpf = inventedCpf(5_151);
const SECRET = 'webhook-secret-of-the-error-table';
const REQUEST_ID = 'request-of-the-error-table';

/** Throws whatever is asked of it, with all in its message that must not come out. */
function bomb(error: () => Error): never {
  const explode = (): never => {
    throw error();
  };
  return new Proxy(() => undefined, { get: explode, apply: explode }) as never;
}
const BUG = (): Error => new TypeError(`no person ${cpf} at /srv/secret/place.ts`);
const AWAY = (): Error => Object.assign(new Error(`connect ECONNREFUSED ${cpf}`), { code: 'ECONNREFUSED' });

const logs: string[] = [];
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    logs.push(chunk.toString());
    done();
  },
});
const { log } = createLogs('debug', sink);

interface Table {
  readonly routes: readonly ExpressRoute[];
  /** The same routes, behind handlers that throw this. */
  readonly behind: (error: () => Error) => supertest.Agent;
}

function adminBehind(error: () => Error): Express {
  const broken = bomb(error);
  const adminRoutes = [
    { path: '/people', router: peopleRoutes(broken, undefined) },
    { path: '/audit', router: auditRoutes(broken) },
    { path: '/dead-letters', router: deadLetterRoutes(() => ({ isOpen: true, service: broken }), undefined) },
  ];
  const parts = { dataPlane: broken, loader: broken, killSwitch: broken, store: broken, steering: broken };
  const compared = { book: broken, drift: broken, timeline: broken, unknownWrites: broken };
  const more = { ...compared, notifying: broken, burnDown: broken, calendar: broken, autopilot: broken };
  const options = { ...parts, ...more, metrics: { registry: broken }, reload: () => Promise.reject(error()) };
  const settings = { configFile: 'facade.yaml', adminToken: undefined, isSandbox: false, now: () => 0, log };
  return createAdmin({ ...options, adminRoutes, ...settings } as unknown as AdminOptions);
}

function endpointsBehind(error: () => Error) {
  return createEndpoints({
    onAnswered: () => undefined,
    availability: () => ({ isOpen: true, service: bomb(error) }),
    callerOf: () => 'a-caller',
    isOpen: false,
    webhooks: webhookOptions(SECRET),
    syncDeadline: () => 1_000,
    log,
  });
}

const TABLES: Readonly<Record<'admin' | 'public', Table>> = {
  admin: { routes: routesOf(adminBehind(BUG).router), behind: (error) => supertest(adminBehind(error)) },
  public: {
    routes: [
      { path: '/', methods: ['GET'] },
      { path: '/health', methods: ['GET'] },
    ].concat(routesOf(endpointsBehind(BUG).router) as { path: string; methods: string[] }[]),
    behind(error) {
      const isDraining = (): never => {
        throw error();
      };
      const pages = createPages(isDraining, log, [endpointsBehind(error)]);
      return supertest((req: IncomingMessage, res: ServerResponse) => pages.serve(req, res, false));
    },
  },
};

const UUID = '00000000-0000-4000-8000-000000000000';
/** What these routes read, and the limit of it in bytes. */
const BODIES: Readonly<Record<string, { readonly body: object; readonly limit: number; readonly isTyped: boolean }>> = {
  'POST /api/flips': { body: { all: { gateway: 5 }, force: true, why: 'a test' }, limit: 256 * 1024, isTyped: true },
  'POST /api/rollback': { body: {}, limit: 256 * 1024, isTyped: true },
  'PUT /api/kill-switch': { body: {}, limit: 256 * 1024, isTyped: true },
  'DELETE /api/kill-switch': { body: {}, limit: 256 * 1024, isTyped: true },
  'POST /api/notify/test': { body: {}, limit: 256 * 1024, isTyped: true },
  'POST /api/parity/:route/drift/accept': { body: {}, limit: 256 * 1024, isTyped: true },
  'POST /api/explain': { body: { method: 'GET', target: `/leads/${cpf}` }, limit: 2 * 1024 * 1024, isTyped: true },
  'POST /api/unknown-writes/settle': { body: { ids: [UUID], why: 'looked' }, limit: 256 * 1024, isTyped: true },
  'POST /api/dead-letters/retry': { body: { ids: [UUID] }, limit: 256 * 1024, isTyped: true },
  'POST /api/dead-letters/settle': { body: { ids: [UUID] }, limit: 256 * 1024, isTyped: true },
  'POST /api/people/forget': { body: { cpf }, limit: 1024, isTyped: false },
  'POST /api/v1/enrich': { body: { cpf }, limit: 4 * 1024, isTyped: false },
  'POST /api/v1/webhooks/c2s': { body: { id: 'l1' }, limit: 64 * 1024, isTyped: false },
  'POST /api/v1/webhooks/c2s/:secret': { body: { id: 'l1' }, limit: 64 * 1024, isTyped: false },
  'POST /api/v1/webhooks/google-ads': { body: { google_key: SECRET, lead_id: 1 }, limit: 64 * 1024, isTyped: false },
};
/** What these routes must be asked to come to their handler. */
const QUERIES: Readonly<Record<string, string>> = {
  '/api/v1/leads/process': '?id=l1',
  '/api/v1/work/modules/:module': '?documento=l1',
  '/api/v1/contributor/customer': `?cpf=${cpf}`,
};
const withQuery = (asked: Case): Case => ({ ...asked, path: `${asked.path}${QUERIES[asked.path] ?? ''}` });
/** They ask nobody, so nothing can go wrong with them. */
const STATIC = new Set(['/healthz', '/console', '/console/{*file}']);

interface Case {
  readonly side: 'admin' | 'public';
  readonly method: string;
  readonly path: string;
  readonly name: string;
}
const CASES: readonly Case[] = (['admin', 'public'] as const).flatMap((side) =>
  TABLES[side].routes.flatMap(({ path, methods }) =>
    methods.map((method) => ({ side, method, path, name: `${method} ${path}` })),
  ),
);
const READING = CASES.filter(({ name }) => name in BODIES);

let stderr: MockInstance<typeof process.stderr.write>;
let consoleError: MockInstance<typeof console.error>;
beforeAll(() => {
  // Express is silent in tests: as it runs in production it would write what nobody handled to standard error.
  vi.stubEnv('NODE_ENV', 'production');
  stderr = vi.spyOn(process.stderr, 'write');
  consoleError = vi.spyOn(console, 'error');
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});
afterEach(() => {
  const written = [...logs.splice(0), JSON.stringify([stderr.mock.calls, consoleError.mock.calls])].join('\n');
  expect(written).not.toContain(cpf);
  expect(written).not.toMatch(/%ZZ|"(?:url|path)":|\/api\/|secret|ECONNREFUSED [^"]/);
  expect(consoleError).not.toHaveBeenCalled();
});

interface Sent {
  readonly value?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ side, method, path }: Case, error: () => Error, { value = 'l1', body, headers = {} }: Sent = {}) {
  const target = filled(path, path.includes(':secret') && value === 'l1' ? SECRET : value);
  const verb = method.toLowerCase() as 'get' | 'post' | 'put' | 'delete' | 'patch' | 'options';
  const request = TABLES[side]
    .behind(error)
    [verb](target)
    .set({ 'x-c2s-admin': 'test', 'x-request-id': REQUEST_ID, 'x-webhook-token': SECRET, ...headers })
    .buffer(true)
    .parse((res, done) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('end', () => done(null, text));
    });
  const res = await (body === undefined ? request : request.send(body));
  return { status: res.status, headers: res.headers as Record<string, string>, text: res.body as string };
}
type Answer = Awaited<ReturnType<typeof ask>>;

function expectProblem(asked: Case, answer: Answer, status: number, kind: string): void {
  const { text, headers } = answer;
  expect(text).not.toContain(cpf);
  expect(text).not.toContain(SECRET);
  expect(text).not.toMatch(/node_modules|\.ts\b|\n\s*at |<html|ECONN/i);
  if (asked.path.startsWith('/api/v1/leads/process') && status !== 405) {
    // Make.com's module takes every other status for a failure of its own.
    expect([asked.name, answer.status, JSON.parse(text)]).toMatchObject([
      asked.name,
      200,
      { success: false, error: kind },
    ]);
    return;
  }
  expect([asked.name, answer.status, headers['content-type']]).toEqual([
    asked.name,
    status,
    'application/problem+json',
  ]);
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(problem).toMatchObject({ type: `urn:c2s-facade:${kind}`, status, requestId: REQUEST_ID });
  expect([typeof problem['title'], typeof problem['detail']]).toEqual(['string', 'string']);
  // The old service's callers read it; nobody else is shown it.
  const isOld = asked.side === 'public' && asked.path.startsWith('/api/v1/');
  expect(typeof problem['error']).toBe(isOld ? 'string' : 'undefined');
  expect(headers['x-request-id']).toBe(REQUEST_ID);
}

const jsonType = { 'content-type': 'application/json' };
const good = (name: string): Sent => {
  const known = BODIES[name];
  return known ? { body: JSON.stringify(known.body), headers: jsonType } : {};
};

test('the table has the routes that there are', () => {
  const names = CASES.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...Object.keys(BODIES), 'GET /metrics', 'GET /api/parity/:route']));
  for (const part of ['history', 'migration', 'autopilot', 'parity', 'events', 'discovery'])
    expect(names).toContain(`GET /api/${part}`);
  expect(names.length).toBeGreaterThan(30);
});

const withParameter = CASES.filter(({ path }) => /[:*]/.test(path));
test.each(withParameter)('$name with %ZZ in the path: 400', async (asked) => {
  for (const value of ['%ZZ', `%ZZ${cpf}`, '%E0%A4%A', '%'])
    expectProblem(asked, await ask(asked, BUG, { value }), 400, 'malformed-path');
});

describe.each(READING)('$name', (asked) => {
  const { limit, isTyped } = BODIES[asked.name]!;

  test.each([
    ['is cut off', `{"cpf": "${cpf}"`],
    ['is no JSON', `cpf=${cpf}`],
    ['is JSON and more', `{} ${cpf}`],
  ])('with a body that %s: 400', async (_, body) => {
    expectProblem(asked, await ask(asked, BUG, { body, headers: jsonType }), 400, 'not-json');
  });

  test('with a body that is too large: 413, and one of the very limit is read', async () => {
    const padded = (bytes: number): string => JSON.stringify({ cpf }).padEnd(bytes, ' ');
    const tooLarge = await ask(asked, BUG, { body: padded(limit + 1), headers: jsonType });
    expectProblem(asked, tooLarge, 413, 'body-too-large');
    expect((await ask(asked, BUG, { body: padded(limit), headers: jsonType })).status).not.toBe(413);
  });

  test.each(['gzip', 'deflate', 'br', 'zstd', 'identity, gzip', 'x'])('with a body in %s: 415', async (coding) => {
    const headers = { ...jsonType, 'content-encoding': coding };
    expectProblem(asked, await ask(asked, BUG, { body: gzipSync(cpf), headers }), 415, 'content-coding');
  });

  test.each(['utf-16', 'iso-8859-1'])('with a body in %s: 415', async (charset) => {
    const headers = { 'content-type': `application/json; charset=${charset}` };
    expectProblem(asked, await ask(asked, BUG, { body: `{"cpf":"${cpf}"}`, headers }), 415, 'charset');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])(
    'with a body of the type %s',
    async (type) => {
      const sent = { body: JSON.stringify(BODIES[asked.name]!.body), headers: { 'content-type': type } };
      // Senders of webhooks name whatever their library does.
      if (isTyped) expectProblem(asked, await ask(asked, BUG, sent), 415, 'content-type');
      else expectProblem(asked, await ask(asked, BUG, sent), 500, 'internal');
    },
  );
});

// The root of the admin listener only leads to the console.
const failing = CASES.filter(({ side, path }) => !STATIC.has(path) && !(side === 'admin' && path === '/'));
test.each(failing)('$name when the handler throws: 500', async (asked) => {
  const sent = asked.path === '/api/v1/leads/process' ? {} : good(asked.name);
  const answer = await ask(withQuery(asked), BUG, idOf(asked, sent));
  expectProblem(asked, answer, 500, 'internal');
  expect(logs.join('')).toContain(`"requestId":"${REQUEST_ID}"`);
});

test.each(failing)('$name when the store is away: 503 with Retry-After', async (asked) => {
  const answer = await ask(withQuery(asked), AWAY, idOf(asked, good(asked.name)));
  expectProblem(asked, answer, 503, 'store-unavailable');
  if (asked.path !== '/api/v1/leads/process') expect(answer.headers['retry-after']).toBe('5');
});

/** The view of an enrichment asks nobody about what is no id. */
const idOf = ({ path }: Case, sent: Sent): Sent => (path.includes('/enrichments/') ? { ...sent, value: UUID } : sent);

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const PATHS = (['admin', 'public'] as const).flatMap((side) =>
  TABLES[side].routes.map((route) => ({ side, ...route })),
);
test.each(PATHS.filter(({ path }) => path !== '/' && path !== '/health'))(
  '$path with a method that it does not take: 405 that names the others',
  async ({ side, path, methods }) => {
    const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    for (const method of METHODS.filter((candidate) => !methods.includes(candidate))) {
      const asked = { side, method, path, name: `${method} ${path}` };
      const answer = await ask(asked, BUG, method === 'GET' ? {} : { body: cpf, headers: jsonType });
      expectProblem(asked, answer, 405, 'method');
      expect(answer.headers['allow']).toBe(allow.join(', '));
    }
  },
);

test.each([
  ['admin', '/nothing'],
  ['admin', `/%ZZ/${cpf}`],
  ['admin', '/api'],
  ['admin', '/api/nothing'],
  ['admin', `/api/flips/${cpf}`],
  ['admin', '/health'],
  ['public', '/api/v1/webhooks'],
  ['public', `/api/v1/webhooks/c2s/${SECRET}/more`],
  ['public', `/api/v1/enrichments/${cpf}/x`],
  ['public', '/api/v1/c2s/enrich'],
  ['public', '/api/v1/nothing'],
  ['public', `/api/v1/work/modules/${cpf}/x`],
] as const)('what is not there is 404, on the %s side %s', async (side, path) => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const asked = { side, method, path, name: `${method} ${path}` };
    expectProblem(asked, await ask(asked, BUG), 404, 'not-found');
  }
});

test('a request without an id gets one, the same in its header, its answer and its log line', async () => {
  const asked = CASES.find(({ name }) => name === 'GET /api/history')!;
  const { headers, text } = await ask(asked, BUG, { headers: { 'x-request-id': `${cpf} no id` } });
  const { requestId } = JSON.parse(text) as { requestId: string };
  expect(requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect(headers['x-request-id']).toBe(requestId);
  expect(logs.join('')).toContain(`"requestId":"${requestId}"`);
});

test('an answer that had begun is cut off rather than ended', async () => {
  const { default: express } = await import('express');
  const { pageErrors } = await import('../../src/http/page-errors.ts');
  const app = express();
  app.get('/', (_req, res) => {
    res.write('half');
    throw BUG();
  });
  app.use(pageErrors({ log }));
  await expect(supertest(app).get('/')).rejects.toThrow(/aborted|hang up/);
});
