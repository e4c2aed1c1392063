import { createServer, type ServerResponse } from 'node:http';
import supertest from 'supertest';
import { describe, expect, test } from 'vitest';
import { problemBody, sendProblem, type Problem } from '../../../../src/http/problem.ts';
import { isUnknownWrite, refusalFor } from '../../../../src/facade/forward/refusals.ts';
import { decisionOf, OUTCOMES, type Outcome } from '../../../../src/facade/rollout/outcome.ts';

const ALL = Object.keys(OUTCOMES) as Outcome[];
const NAMES = { direct: 'the shop', gateway: 'the new shop' };

/** The outcomes after which somebody is still there to be answered by the facade itself. */
const ANSWERED = ALL.filter((outcome) => {
  const { status } = decisionOf(outcome);
  return status !== 0 && status !== 499 && !outcome.startsWith('upstream_body');
});

test('a refusal calls the two sides by their names', () => {
  const say = (outcome: Outcome, isUnknown = false) => refusalFor(outcome, NAMES, { isUnknown }).detail;
  expect(say('upstream_credentials')).toMatch(/^The new shop does not accept the token of the facade\. /);
  expect(say('gateway_lacks_operation')).toMatch(/^The new shop does not have this operation\. /);
  expect(say('origin_connect')).toMatch(/^The new shop could not reach the shop\. /);
  expect(say('origin_timeout')).toMatch(/^The shop did not answer the new shop in time\./);
  expect(say('upstream_connect', true)).toMatch(/^The new shop may have received the request, and the shop could/);
});

describe('a refusal', () => {
  test.each(ANSWERED)('for %s says what happened, in its own words', (outcome) => {
    const { status, kind, detail } = refusalFor(outcome, NAMES);
    expect(status).toBe(decisionOf(outcome).status);
    expect(kind).toBe(outcome.replaceAll('_', '-'));
    expect(detail).toMatch(/^[A-Z].*\.$/);
    expect(detail).not.toBe('The request could not be served.');
    expect(detail).not.toMatch(/[{}]/);
  });

  test.each(ANSWERED)('for %s promises that nothing was sent only where that is so', (outcome) => {
    const { detail } = refusalFor(outcome, NAMES);
    const promises = /Nothing (was sent|arrived there)/.test(detail);
    if (promises) expect(decisionOf(outcome).delivery).toBe('unsent');
  });

  test('of a write whose fate is unknown says so, and warns of a repetition', () => {
    const { detail } = refusalFor('upstream_respond_timeout', NAMES, { isUnknown: true });
    expect(detail).toMatch(/not known: look before you repeat it\.$/);
    expect(refusalFor('upstream_respond_timeout', NAMES).detail).not.toContain('repeat');
  });

  test.each([
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [59_500, 60],
  ])('with %d ms to wait says Retry-After: %d, never 0 and never too early', (ms, seconds) => {
    expect(refusalFor('facade_breaker_open', NAMES, { retryAfterMs: ms }).retryAfter).toBe(seconds);
  });

  test('without a time to wait has no Retry-After', () => {
    expect(refusalFor('facade_breaker_open', NAMES).retryAfter).toBeUndefined();
  });
});

describe('a problem', () => {
  const problem: Problem = { status: 503, kind: 'facade-breaker-open', detail: 'Später.', retryAfter: 3 };

  const answer = (send: (res: ServerResponse) => void) => supertest(createServer((_req, res) => send(res))).get('/');

  test('is RFC 9457 on the wire, with its length in bytes', async () => {
    const res = await answer((res) => sendProblem(res, problem, 'id-1', ['x-facade-path', 'gateway']));
    expect(res.status).toBe(503);
    expect(res.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(res.text)),
      'retry-after': '3',
      'x-facade-path': 'gateway',
    });
    expect(JSON.parse(res.text)).toEqual({
      type: 'urn:c2s-facade:facade-breaker-open',
      title: 'Service Unavailable',
      status: 503,
      detail: 'Später.',
      requestId: 'id-1',
    });
  });

  test('of a wrong method lists those that are allowed', async () => {
    const wrong: Problem = { status: 405, kind: 'client-method', detail: 'No.', allow: ['GET', 'POST'] };
    const { headers } = await answer((res) => sendProblem(res, wrong, 'id-1'));
    expect(headers['allow']).toBe('GET, POST');
    expect(headers).not.toHaveProperty('retry-after');
  });

  test.each([...new Set(ALL.map((outcome) => decisionOf(outcome).status || 502)), 417, 431, 500])(
    'of status %d has the title of that status',
    (status) => {
      const body = JSON.parse(problemBody({ status, kind: 'x', detail: 'x' }, undefined).toString()) as Problem & {
        title: string;
      };
      expect(body.title).not.toBe('Error');
      expect(body).not.toHaveProperty('requestId');
    },
  );
});

test.each(['origin_error', 'upstream_error', 'origin_unknown'] as const)(
  'a write that came to %s is unknown, a read is not',
  (outcome) => {
    expect([isUnknownWrite(outcome, false), isUnknownWrite(outcome, true)]).toEqual([true, false]);
  },
);
