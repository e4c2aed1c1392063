import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { setAll } from './kit/facade.ts';
import { AUTH, startWire, WAYS, type Wire } from './kit/wire.ts';
import { valuesOf } from './kit/messages.ts';

/** A write with a condition is carried out under that condition, or not at all. */

const CONDITIONS = [
  ['if-match', '"v1"'],
  ['if-none-match', '*'],
  ['if-unmodified-since', 'Mon, 01 Jan 2024 00:00:00 GMT'],
  ['idempotency-key', 'k-1'],
  ['x-idempotency-key', 'k-1'],
  ['content-range', 'bytes 0-1/2'],
  ['x-http-method-override', 'DELETE'],
  ['x-http-method', 'DELETE'],
  ['x-method-override', 'PATCH'],
] as const;

const WRITES = [
  ['POST', '/integration/leads/42/create_message', '{"body":"x"}', '/integration/leads/42/create_message'],
  ['POST', '/leads/42/messages', '{"message":"x"}', '/integration/leads/42/create_message'],
  ['PUT', '/integration/sellers/7', '{"name":"x"}', '/integration/sellers/7'],
  ['PUT', '/sellers/7', '{"name":"x"}', '/integration/sellers/7'],
] as const;

const request = (method: string, target: string, body: string, header: string): string =>
  `${method} ${target} HTTP/1.1\r\nhost: f\r\n${AUTH}${header}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const untranslatable = /^facade_attempts_total\{.*path="gateway",outcome="untranslatable"/;

describe.each(['direct', 'none'] as const)('on a route at 100 with fallback: %s', (fallback) => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire((config) => {
      setAll(config, 100);
      const { routes } = config.toJS() as { routes: { direct?: unknown; gateway?: unknown }[] };
      routes.forEach(({ direct, gateway }, i) => {
        if (direct && gateway) config.setIn(['routes', i, 'rollout', 'fallback'], fallback);
      });
    });
  });
  afterEach(() => wire.reset());
  afterAll(() => wire.close());

  test.each(CONDITIONS)(
    `a write with %s ${fallback === 'none' ? 'is refused' : 'goes direct'}`,
    async (name, value) => {
      for (const [method, target, body, sentTo] of WRITES) {
        wire.direct.reset();
        wire.direct.answers('HTTP/1.1 412 Precondition Failed\r\ncontent-length: 2\r\n\r\n{}');
        const counted = await wire.facade.metric(untranslatable);
        const answer = await wire.caller().ask(request(method, target, body, `${name}: ${value}\r\n`));
        expect([target, wire.gateway.bytes()]).toEqual([target, '']);
        expect(await wire.facade.metric(untranslatable)).toBe(counted + 1);
        if (fallback === 'none') {
          expect([answer.status, answer.header('x-facade-outcome'), wire.direct.bytes()]).toEqual([
            422,
            'untranslatable',
            '',
          ]);
          expect((JSON.parse(answer.body) as { detail: string }).detail).toContain(`"${name}"`);
        } else {
          expect([answer.status, answer.header('x-facade-path')]).toEqual([412, 'direct']);
          const [sent] = wire.direct.requests;
          expect([sent?.line, valuesOf(sent!, name)]).toEqual([`${method} ${sentTo} HTTP/1.1`, [value]]);
        }
      }
    },
  );

  test('a write without one, and a read with one, are served by the gateway', async () => {
    for (const [method, target, body] of WRITES) {
      const answer = await wire.caller().ask(request(method, target, body, ''));
      expect([answer.status < 300, answer.header('x-facade-path')]).toEqual([true, 'gateway']);
    }
    const read = `GET ${WAYS[0].read} HTTP/1.1\r\nhost: f\r\n${AUTH}if-none-match: "v1"\r\n\r\n`;
    expect((await wire.caller().ask(read)).header('x-facade-path')).toBe('gateway');
  });

  test('the explanation says so', async () => {
    const answer = await fetch(`${wire.facade.adminUrl}/api/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-c2s-admin': '1' },
      body: JSON.stringify({
        method: 'PUT',
        target: '/integration/sellers/7',
        headers: { 'If-Match': '"v1"' },
        body: '{"name":"x"}',
        caller: 'known',
      }),
    });
    const { explanation } = (await answer.json()) as { explanation: { sendings: Record<string, unknown>[] } };
    const { sendings } = explanation;
    if (fallback === 'none') {
      expect(sendings).toMatchObject([
        { path: 'gateway', kind: 'untranslatable', field: 'if-match' },
        { path: 'gateway', kind: 'refused', outcome: 'untranslatable', status: 422 },
      ]);
    } else {
      expect(sendings).toMatchObject([
        { path: 'gateway', kind: 'untranslatable', reason: 'the gateway ignores the condition of this write' },
        { path: 'direct', kind: 'sent' },
      ]);
    }
  });
});
