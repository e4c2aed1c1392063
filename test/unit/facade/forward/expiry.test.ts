import { describe, expect, test } from 'vitest';
import { expiryOf } from '../../../../src/facade/forward/expiry.ts';

const deadlines = { connect: 100, firstByte: 200, idle: 300, total: 1_000 };
const LONG = 10_000;
const at = (phase: Parameters<typeof expiryOf>[0]['phase'], silent: number, isOver = false, isCallerSlow = false) =>
  expiryOf({ phase, silent, isOver, isCallerSlow }, deadlines);

describe('an attempt', () => {
  test.each(['connect', 'send', 'respond', 'body', 'ended'] as const)(
    'goes on in phase %s while bytes move',
    (phase) => {
      expect(at(phase, 0)).toBeUndefined();
    },
  );

  test('ends with the outcome of the phase in which its own deadline passed', () => {
    // The pool's connect deadline comes first; this one only bounds the wait for a place in the pool.
    expect([at('connect', 599), at('connect', 600)]).toEqual([undefined, 'upstream_connect_timeout']);
    expect([at('send', 299), at('send', 300)]).toEqual([undefined, 'upstream_send_timeout']);
    expect([at('respond', 199), at('respond', 200)]).toEqual([undefined, 'upstream_respond_timeout']);
    expect([at('body', 299), at('body', 300)]).toEqual([undefined, 'upstream_body_timeout']);
  });

  test('ends at once in whatever phase the total deadline finds it', () => {
    expect((['connect', 'send', 'respond', 'body'] as const).map((phase) => at(phase, 0, true))).toEqual([
      'upstream_connect_timeout',
      'upstream_send_timeout',
      'upstream_respond_timeout',
      'upstream_body_timeout',
    ]);
  });

  test('is the caller’s fault when the caller keeps the upstream waiting, and only where it can', () => {
    expect([at('send', LONG, false, true), at('body', LONG, false, true)]).toEqual([
      'client_timeout',
      'client_timeout',
    ]);
    expect([at('connect', LONG, false, true), at('respond', LONG, false, true)]).toEqual([
      'upstream_connect_timeout',
      'upstream_respond_timeout',
    ]);
  });

  test('that has ended is not ended again', () => expect(at('ended', LONG, true)).toBeUndefined());
});
