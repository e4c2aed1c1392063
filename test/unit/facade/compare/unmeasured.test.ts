import { expect, test } from 'vitest';
import { factCounts } from '../../../../src/facade/compare/coverage.ts';
import { unmeasuredVerdict } from '../../../../src/facade/compare/verdict.ts';

test('a write that nothing reads back cannot be measured, and the reason says what to write', () => {
  expect(unmeasuredVerdict()).toMatchObject({
    kind: 'cannot be measured',
    text: expect.stringMatching(/^cannot be measured: .*write verify: for the route$/) as string,
  });
});

test('many facts are counted by kind, few are named', () => {
  expect(factCounts(['param a', 'status 201'])).toBe('param a, status 201');
  expect(factCounts(['shape /a null', 'param a', 'shape /b null', 'status 201'])).toBe(
    '4 facts (1 param, 2 shape, 1 status)',
  );
});
