import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { AUTH, startWire, type Wire } from '../e2e/kit/wire.ts';

/**
 * Callers of the old service write a CPF into the URL. Whatever stands below its paths is answered here: no upstream sees
 * it, with its real token, and no list, log line or metric keeps it. Without a database, and with nothing configured.
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const CPF = inventedCpf(7);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'PURGE'];
const TARGETS = [
  `/api/v1/nothing/${CPF}`,
  `/api/v1/customers/${CPF}`,
  `/api/v1/work/modules/cpf?documento=${CPF}`,
  `/api/v1/contributor/customer?cpf=${CPF}`,
  `/api/v1/leads?cpf=${CPF}`,
  `/api/v1?cpf=${CPF}`,
  `/api//v1/customers/${CPF}`,
  `//api/v1/customers/${CPF}`,
  `/API/V1/customers/${CPF}`,
  `/%61pi/v1/customers/${CPF}`,
  `/api%2fv1%2fcustomers%2f${CPF}`,
  `/a/../api/v1/customers/${CPF}`,
  `/a/%2e%2e/api/v1/customers/${CPF}`,
  `/api/v1/../../customers/${CPF}`,
  `/api/v1/%ZZ/${CPF}`,
  `http://x.example/api/v1/customers/${CPF}`,
  `/docs?cpf=${CPF}`,
];

describe.each(TARGETS)('%s', (target) => {
  it('is answered here, whatever the method, and kept nowhere', async () => {
    for (const method of METHODS) {
      const head = `${method} ${target} HTTP/1.1\r\nhost: x\r\n${AUTH}content-length: 0\r\n\r\n`;
      const answer = await wire.caller().ask(head, { bodiless: method === 'HEAD' });
      expect([method, answer.status]).toEqual([method, expect.toSatisfy((status: number) => status >= 400)]);
      expect(answer.body).not.toContain(CPF);
    }
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n';
    const socket = `GET ${target} HTTP/1.1\r\nhost: x\r\n${AUTH}${upgrade}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    expect((await wire.caller().ask(socket)).status).toBeGreaterThanOrEqual(400);
    expect((await wire.caller().ask(`CONNECT ${target} HTTP/1.1\r\nhost: x\r\n\r\n`)).status).toBeGreaterThanOrEqual(
      400,
    );
    expect(wire.direct.bytes() + wire.gateway.bytes()).toBe('');
    const { discovery } = wire.facade.dataPlane;
    const metrics = await (await fetch(`${wire.facade.adminUrl}/metrics`)).text();
    expect(JSON.stringify(discovery.list()) + wire.facade.logs.join('') + metrics).not.toContain(CPF);
  });
});

it.each([
  [`/api/v1/nothing/${CPF}`, 404],
  [`/API/v1/customers/${CPF}`, 501],
  ['/DOCS', 501],
  [`/api/v1/customers/${CPF}`, 501],
  ['/api/v1/leads', 501],
  ['/docs', 501],
  ['/api-docs/openapi.yml', 501],
])('%s is %i, and names the page that says what is offered', async (target, status) => {
  const answer = await wire.caller().ask(`POST ${target} HTTP/1.1\r\nhost: x\r\n${AUTH}content-length: 0\r\n\r\n`);
  expect(answer.status).toBe(status);
  const problem = JSON.parse(answer.body) as { detail: string; error: string };
  expect(problem.detail).toContain('docs/from-the-old-services.md');
  expect(problem.error).toBe(problem.detail);
});

it('a path that only looks like it is passed on', async () => {
  await wire.caller().ask(`GET /api/v10/things HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`);
  expect(wire.direct.requests).toHaveLength(1);
});
