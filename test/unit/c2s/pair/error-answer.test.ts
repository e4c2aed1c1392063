import { describe, expect, test } from 'vitest';
import type { ErrorAnswer } from '../../../../src/facade/rollout/api-pair.ts';
import { mustUnderstand, understand } from '../../../../src/c2s/pair/error-answer.ts';

const INTERNAL = 'https://crm.internal.example/integration/leads/1';
const disguised = (reason: string) =>
  JSON.stringify({ detail: `${reason} for url '${INTERNAL}'\nFor more information check: https://x.example` });

const answer = (status: number, body: string, rest: Partial<ErrorAnswer> = {}): ErrorAnswer => ({
  ...{ path: 'gateway', asked: 'direct', isSafe: true, rule: undefined, status, contentType: 'application/json' },
  ...{ body: Buffer.from(body), durationMs: 20 },
  ...rest,
});

test('an answer is held back where its body is not in the words of who asked, or hides another', () => {
  expect(mustUnderstand('gateway', 'gateway')).toBe(true);
  expect(mustUnderstand('gateway', 'direct')).toBe(true);
  expect(mustUnderstand('direct', 'gateway')).toBe(true);
  expect(mustUnderstand('direct', 'direct')).toBe(false);
});

describe('a 500 of the gateway', () => {
  test.each([
    ["Client error '404 Not Found'", 404, 'ok'],
    ["Client error '429 Too Many Requests'", 429, 'ok'],
    ["Server error '503 Service Unavailable'", 503, 'origin_error'],
  ])('that hides %s is that: no failure of the gateway', (reason, status, outcome) => {
    for (const asked of ['direct', 'gateway'] as const) {
      const understood = understand(answer(500, disguised(reason), { asked }));
      expect(understood).toMatchObject({ status, outcome });
      expect(understood.replacement?.body.toString()).not.toContain('crm.internal');
    }
  });

  test('with an empty text is a deadline when it took long, and a reset when it came at once: unknown, either way', () => {
    expect(understand(answer(500, '{"detail":""}', { durationMs: 30_030 }))).toMatchObject({
      ...{ outcome: 'origin_timeout', status: 504, replacement: undefined },
    });
    expect(understand(answer(500, '{"detail":""}', { durationMs: 12 }))).toMatchObject({
      ...{ outcome: 'origin_unknown', status: 502, replacement: undefined },
    });
  });

  test('whatever it says, never shows the address of an upstream', () => {
    for (const body of [INTERNAL, disguised('Broken'), '{}', '<html>', '', disguised("Client error '404 Not Found'")]) {
      for (const asked of ['direct', 'gateway'] as const) {
        const { replacement } = understand(answer(500, body, { asked }));
        expect(replacement?.body.toString() ?? '').not.toContain('crm.internal');
      }
    }
  });
});

describe('the gateway is not let in, or lacks the operation', () => {
  test.each([
    [401, '{"type":"urn:c2s-gateway:caller-unknown"}', 'upstream_credentials'],
    [403, '{"type":"urn:c2s-gateway:caller-reads-only"}', 'upstream_credentials'],
    [401, '{"detail":"Not authenticated"}', 'upstream_credentials'],
    [403, '<h1>Forbidden</h1>', 'upstream_credentials'],
    [500, disguised("Client error '401 Unauthorized'"), 'upstream_credentials'],
    [404, '{"detail":"Not Found"}', 'gateway_lacks_operation'],
    [405, '{"detail":"Method Not Allowed"}', 'gateway_lacks_operation'],
    [501, '', 'gateway_lacks_operation'],
  ])('%i %s is no answer for the caller, in either dialect', (status, body, outcome) => {
    for (const asked of ['direct', 'gateway'] as const) {
      for (const isSafe of [true, false]) {
        const understood = understand(answer(status, body, { asked, isSafe }));
        expect(understood).toEqual({ outcome, status: 502, replacement: undefined });
      }
    }
  });

  test.each([
    [404, '{"error":"Not found."}'],
    [404, '{"detail":"Campaign not found"}'],
    [405, '{"error":"no"}'],
  ])('%i %s is what the caller asked for', (status, body) => {
    expect(understand(answer(status, body))).toMatchObject({ status, outcome: 'ok' });
  });

  test.each([
    [403, '{"error":"not yours"}'],
    [500, disguised("Client error '403 Forbidden'")],
  ])(
    '%i %s is a 403 of Contact2Sale: direct tells whether it speaks of the token, and no breaker moves',
    (status, body) => {
      for (const asked of ['direct', 'gateway'] as const) {
        expect(understand(answer(status, body, { asked }))).toMatchObject({ status: 403, outcome: 'origin_forbidden' });
      }
    },
  );

  test('a 401 of Contact2Sale itself stays the caller’s', () => {
    expect(understand(answer(401, '{"error":"no"}', { path: 'direct', asked: 'gateway' }))).toMatchObject({
      ...{ status: 401, outcome: 'ok' },
    });
  });
});

describe('a 500 that came of reading the body of a success', () => {
  const EMPTY_SUCCESS = '{"detail":"Expecting value: line 1 column 1 (char 0)"}';

  test('is a success without a body, of a write', () => {
    for (const asked of ['direct', 'gateway'] as const) {
      const understood = understand(answer(500, EMPTY_SUCCESS, { asked, isSafe: false }));
      expect(understood).toMatchObject({ outcome: 'ok', status: 200, replacement: { contentType: undefined } });
      expect(understood.replacement?.body).toHaveLength(0);
    }
  });

  test('is no answer to a read, which asks for the body', () => {
    expect(understand(answer(500, EMPTY_SUCCESS))).toEqual({
      ...{ outcome: 'origin_unknown', status: 502, replacement: undefined },
    });
  });
});

describe('an error of Contact2Sale', () => {
  test.each([
    [404, 'ok'],
    [422, 'ok'],
    [500, 'upstream_error'],
    [503, 'upstream_error'],
  ])('of %d keeps its status, and has the body that the gateway’s callers read', (status, outcome) => {
    const understood = understand(answer(status, '{"error":"no"}', { path: 'direct', asked: 'gateway' }));
    expect(understood).toMatchObject({ status, outcome });
    expect(JSON.parse(understood.replacement!.body.toString())).toHaveProperty('detail');
  });
});
