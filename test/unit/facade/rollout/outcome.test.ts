import { describe, expect, test } from 'vitest';
import { decisionOf, OUTCOMES, type Outcome } from '../../../../src/facade/rollout/outcome.ts';

/**
 * The whole table once more, written down by hand, so that no change of a decision passes unseen:
 * whose doing, what may have arrived, what the caller is answered (0: the upstream's own status), what the breaker learns.
 */
const EXPECTED: Record<Outcome, [party: string, delivery: string, status: number, judge: string]> = {
  ok: ['upstream', 'answered', 0, 'success'],
  upstream_error: ['upstream', 'answered', 0, 'failure'],
  origin_error: ['upstream', 'answered', 0, 'neutral'],
  origin_connect: ['upstream', 'unsent', 502, 'failure'],
  origin_unknown: ['upstream', 'unknown', 502, 'failure'],
  origin_timeout: ['upstream', 'unknown', 504, 'failure'],
  origin_forbidden: ['upstream', 'unsent', 0, 'neutral'],
  upstream_credentials: ['upstream', 'unsent', 502, 'failure'],
  gateway_lacks_operation: ['upstream', 'unsent', 502, 'failure'],
  upstream_connect: ['upstream', 'unsent', 502, 'failure'],
  upstream_connect_timeout: ['upstream', 'unsent', 504, 'failure'],
  upstream_send: ['upstream', 'unknown', 502, 'failure'],
  upstream_send_timeout: ['upstream', 'unknown', 504, 'failure'],
  upstream_respond: ['upstream', 'unknown', 502, 'failure'],
  upstream_respond_timeout: ['upstream', 'unknown', 504, 'failure'],
  upstream_body: ['upstream', 'answered', 502, 'failure'],
  upstream_body_timeout: ['upstream', 'answered', 504, 'failure'],
  facade_breaker_open: ['facade', 'unsent', 503, 'neutral'],
  facade_upstream_unhealthy: ['facade', 'unsent', 503, 'neutral'],
  facade_bulkhead_full: ['facade', 'unsent', 503, 'neutral'],
  facade_rate_budget: ['facade', 'unsent', 503, 'neutral'],
  facade_overload: ['facade', 'unsent', 503, 'neutral'],
  facade_no_gateway: ['facade', 'unsent', 503, 'neutral'],
  untranslatable: ['facade', 'unsent', 422, 'neutral'],
  client_bad_request: ['client', 'unsent', 400, 'neutral'],
  client_unauthorized: ['client', 'unsent', 401, 'neutral'],
  client_method: ['client', 'unsent', 405, 'neutral'],
  client_too_large: ['client', 'unsent', 413, 'neutral'],
  client_timeout: ['client', 'unknown', 408, 'neutral'],
  idempotency_replayed: ['client', 'answered', 0, 'neutral'],
  idempotency_in_progress: ['client', 'unsent', 409, 'neutral'],
  idempotency_mismatch: ['client', 'unsent', 422, 'neutral'],
  idempotency_malformed: ['client', 'unsent', 400, 'neutral'],
  idempotency_unknown: ['client', 'unknown', 502, 'neutral'],
  idempotency_unavailable: ['facade', 'unsent', 503, 'neutral'],
  client_admit: ['client', 'unsent', 499, 'neutral'],
  client_send: ['client', 'unknown', 499, 'neutral'],
  client_respond: ['client', 'unknown', 499, 'neutral'],
  client_body: ['client', 'answered', 499, 'neutral'],
};
const NAMES = Object.keys(OUTCOMES) as Outcome[];

test('the union is closed: every outcome is in the table, and no other', () => {
  expect(NAMES.toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

test.each(NAMES)('%s carries its decisions', (outcome) => {
  const { party, delivery, status, judge } = decisionOf(outcome);
  expect([party, delivery, status, judge]).toEqual(EXPECTED[outcome]);
});

describe('of every outcome', () => {
  test('only faults of the upstream move a breaker: neither the caller nor the facade itself', () => {
    for (const outcome of NAMES) {
      const { party, judge } = decisionOf(outcome);
      if (party !== 'upstream') expect([outcome, judge]).toEqual([outcome, 'neutral']);
    }
  });

  test('what broke while sending or waiting for the answer is unknown, never unsent', () => {
    for (const outcome of NAMES) {
      const { phase, delivery } = decisionOf(outcome);
      if (phase === 'send') expect([outcome, delivery]).toEqual([outcome, 'unknown']);
      if (phase === 'connect' || phase === 'admit') expect([outcome, delivery]).toEqual([outcome, 'unsent']);
    }
  });

  test('a deadline of an upstream is answered 504, any other fault of its own making 502', () => {
    for (const outcome of NAMES) {
      const { party, status } = decisionOf(outcome);
      if (party !== 'upstream' || status === 0) continue;
      expect([outcome, status]).toEqual([outcome, outcome.endsWith('timeout') ? 504 : 502]);
    }
  });
});
