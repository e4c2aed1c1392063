import { expect, it } from 'vitest';
import { z } from 'zod';
import { duration, durationText, durationUpTo, positiveDuration, size } from '../../../src/http/units.ts';

it.each([
  ['0s', 0],
  ['250ms', 250],
  ['0.5s', 500],
  ['25s', 25_000],
  ['90s', 90_000],
  ['24h', 86_400_000],
])('a duration written %s is %d milliseconds', (text, ms) => {
  expect(duration('').parse(text)).toBe(ms);
});

it.each([
  ['1B', 1],
  ['64KiB', 65_536],
  ['1MiB', 1_048_576],
])('a size written %s is %d bytes', (text, bytes) => {
  expect(size('').parse(text)).toBe(bytes);
});

it.each([
  [duration(''), 25, 'write a duration as text with a unit, such as 250ms, 25s, 30m or 1h'],
  [duration(''), '25', 'write a number and a unit, such as 250ms, 25s, 30m or 1h'],
  [duration(''), '25h', 'write at most 24h'],
  [positiveDuration(''), '0s', 'write at least 1ms'],
  [positiveDuration(''), '0.4ms', 'write at least 1ms'],
  [durationUpTo('10m', ''), '11m', 'write at most 10m'],
  [size(''), 64, 'write a size as text with a unit, such as 64KiB or 1MiB'],
  [size(''), '64KB', 'write a whole number and a unit, such as 64KiB or 1MiB'],
])('%#: what is not in the form says in one sentence what to write', (schema, value, message) => {
  expect(schema.safeParse(value).error?.issues.map((issue) => issue.message)).toEqual([message]);
});

it('an editor is shown the text to type, the description and the default', () => {
  const schema = positiveDuration('How long.').prefault('5s');
  expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
    type: 'string',
    description: 'How long.',
    default: '5s',
  });
});

it.each([
  [0, '0ms'],
  [250, '250ms'],
  [1_500, '1500ms'],
  [25_000, '25s'],
  [90_000, '90s'],
  [1_800_000, '30m'],
  [3_600_000, '1h'],
])('%d milliseconds are written %s, which is read as the same', (ms, text) => {
  expect(durationText(ms)).toBe(text);
  expect(duration('').parse(text)).toBe(ms);
});
