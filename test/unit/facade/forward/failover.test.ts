import { describe, expect, test } from 'vitest';
import { mayFailover } from '../../../../src/facade/forward/failover.ts';
import { OUTCOMES, type Outcome } from '../../../../src/facade/rollout/outcome.ts';

/**
 * The matrix of write safety, complete: every outcome × safety × fallback × answer begun. What is expected is written
 * down here by hand and asks none of the code under test, nor the table of outcomes that it reads.
 */

/** Nothing of the request reached Contact2Sale: anything may go direct, a write too. */
const UNSENT: Outcome[] = [
  'origin_connect',
  'origin_forbidden',
  'upstream_credentials',
  'gateway_lacks_operation',
  'upstream_connect',
  'upstream_connect_timeout',
  'facade_breaker_open',
  'facade_upstream_unhealthy',
  'facade_bulkhead_full',
  'facade_rate_budget',
  'facade_overload',
  'facade_no_gateway',
  'idempotency_unavailable',
  'untranslatable',
];
/** The gateway failed, and the request may have been carried out: only what is harmless to repeat may go direct. */
const MAY_HAVE_ARRIVED: Outcome[] = [
  'upstream_error',
  'origin_unknown',
  'origin_timeout',
  'upstream_send',
  'upstream_send_timeout',
  'upstream_respond',
  'upstream_respond_timeout',
  'upstream_body',
  'upstream_body_timeout',
];
/** It is answered, or it is the caller's doing: nothing would be better on the other path. */
const FINAL: Outcome[] = [
  'ok',
  'origin_error',
  'client_bad_request',
  'client_unauthorized',
  'client_method',
  'client_too_large',
  'client_timeout',
  'idempotency_replayed',
  'idempotency_in_progress',
  'idempotency_mismatch',
  'idempotency_malformed',
  'idempotency_unknown',
  'client_admit',
  'client_send',
  'client_respond',
  'client_body',
];

const SAFETIES = ['safe', 'idempotent', 'unsafe'] as const;
const all = Object.keys(OUTCOMES) as Outcome[];

test('every outcome stands in exactly one of the three lists', () => {
  expect([...UNSENT, ...MAY_HAVE_ARRIVED, ...FINAL].toSorted()).toEqual(all.toSorted());
});

describe.each(SAFETIES)('a request of a route that is %s', (safety) => {
  test.each(UNSENT)('may go direct after %s: nothing of it was sent', (outcome) => {
    expect(mayFailover(safety, outcome, 'direct', false)).toBe(true);
  });

  test.each(MAY_HAVE_ARRIVED)(`may ${safety === 'unsafe' ? 'never ' : ''}go direct after %s`, (outcome) => {
    expect(mayFailover(safety, outcome, 'direct', false)).toBe(safety !== 'unsafe');
  });

  test.each(FINAL)('keeps its answer after %s', (outcome) => {
    expect(mayFailover(safety, outcome, 'direct', false)).toBe(false);
  });

  test.each(all)(
    'is never sent again after %s once the answer has begun, or where the route has no fallback',
    (outcome) => {
      expect(mayFailover(safety, outcome, 'direct', true)).toBe(false);
      expect(mayFailover(safety, outcome, 'none', false)).toBe(false);
      expect(mayFailover(safety, outcome, 'none', true)).toBe(false);
    },
  );
});
