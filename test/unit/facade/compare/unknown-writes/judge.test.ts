import { describe, expect, it } from 'vitest';
import { judgeLook, MAX_LOOKS } from '../../../../../src/facade/compare/unknown-writes/judge.ts';
import type { Verification } from '../../../../../src/facade/compare/verify.ts';
import { NOON } from '../support.ts';
import { writeOf } from './support.ts';

const NOT_ARRIVED_AFTER = 120_000;
const found = (result: Verification['result'], missing: string[] = [], why?: Verification['why']): Verification => ({
  result,
  missing,
  why,
  doubt: undefined,
});
const doubted = (doubt: Verification['doubt']): Verification => ({ ...found('not_arrived', ['a', 'b']), doubt });
const CHECKS = { keyId: 'k', fields: ['a', 'b'].map((name) => ({ name, value: 'v' })) };

function judged(verification: Verification, after: number, looks = 0, afterMs = 1_000): string {
  const write = writeOf({ looks, checks: CHECKS });
  const askedAt = NOON + after;
  const looked = judgeLook({ write, verification, askedAt, afterMs, notArrivedAfterMs: NOT_ARRIVED_AFTER });
  const next = looked.nextLookAt === null ? 'never' : Number(looked.nextLookAt) - askedAt;
  return [looked.state, looked.why ?? '-', looked.missing.join() || '-', next].join(' ');
}

describe('a look at the record', () => {
  it.each<[string, Verification, number, number, string]>([
    ['it is there', found('arrived'), 0, 0, 'arrived - - never'],
    ['not yet: the first pause', found('not_arrived', ['a', 'b']), 0, 0, 'open - a,b 1000'],
    ['not yet: each pause is twice the one before', found('not_arrived', ['a', 'b']), 0, 3, 'open - a,b 8000'],
    [
      'not yet: never past the time when it can be said',
      found('not_arrived', ['a', 'b']),
      119_500,
      9,
      'open - a,b 500',
    ],
    ['a millisecond before it', found('not_arrived', ['a', 'b']), 119_999, 99, 'open - a,b 1'],
    ['it did not arrive', found('not_arrived', ['a', 'b']), 120_000, 0, 'not_arrived - a,b never'],
    ['a part of it did', found('not_arrived', ['a']), 120_000, 0, 'cannot_tell arrived_in_part a never'],
    ['a part of it did, and the rest may follow', found('not_arrived', ['a']), 0, 0, 'open - a 1000'],
    ['not as it was asked, and it may follow', doubted('in_another_form'), 0, 0, 'open - a,b 1000'],
    ['there in another form', doubted('in_another_form'), 120_000, 0, 'cannot_tell in_another_form a,b never'],
    ['not shown where it would be', doubted('not_shown'), 120_000, 0, 'cannot_tell not_shown a,b never'],
    ['the record cannot be read', found('cannot_tell', [], 'not_read'), 0, 0, 'open not_read - 1000'],
    ['again: five minutes at the longest', found('cannot_tell', [], 'not_read'), 0, 8, 'open not_read - 256000'],
    ['the last try', found('cannot_tell', [], 'not_read'), 0, MAX_LOOKS - 1, 'cannot_tell not_read - never'],
    ['nothing says', found('cannot_tell', [], 'no_rule'), 0, 0, 'cannot_tell no_rule - never'],
  ])('%s', (_, verification, after, looks, expected) => {
    expect(judged(verification, after, looks)).toBe(expected);
  });

  it('pauses neither less than 100 ms nor, of what cannot be read, more than five minutes', () => {
    expect(judged(found('not_arrived', ['a', 'b']), 0, 0, 0)).toBe('open - a,b 100');
    expect(judged(found('cannot_tell', [], 'not_read'), 0, 8, 60_000)).toBe('open not_read - 300000');
  });
});
