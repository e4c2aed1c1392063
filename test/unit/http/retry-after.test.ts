import { afterEach, describe, expect, test } from 'vitest';
import { parseRetryAfter } from '../../../src/http/retry-after.ts';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['7', 7_000],
    [' 60 ', 60_000],
    ['007', 7_000],
  ])('of %j seconds', (text, ms) => expect(parseRetryAfter(text, NOW)).toBe(ms));

  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  test.each(['UTC', 'America/Sao_Paulo'])(
    'as each form of an HTTP date means GMT, on a machine in %s too (P38)',
    (local) => {
      process.env['TZ'] = local;
      expect(parseRetryAfter('Tue, 24 Nov 2026 12:00:30 GMT', NOW)).toBe(30_000);
      expect(parseRetryAfter('Tuesday, 24-Nov-26 12:00:30 GMT', NOW)).toBe(30_000);
      expect(parseRetryAfter('Tue Nov 24 12:00:30 2026', NOW)).toBe(30_000);
    },
  );

  test('that has passed is now', () => expect(parseRetryAfter('Mon, 23 Nov 2026 12:00:00 GMT', NOW)).toBe(0));

  test.each(['3601', '999999999999999999999999', 'Tue, 24 Nov 2099 12:00:00 GMT'])(
    'of %j is at most an hour',
    (text) => {
      expect(parseRetryAfter(text, NOW)).toBe(3_600_000);
    },
  );

  test.each([undefined, '', 'soon', '-5', '1.5', '1e3', '0x10', 'foo 2030', 'Tue, never', `1${' '.repeat(64)}`])(
    'that is neither (%j) says nothing',
    (text) => expect(parseRetryAfter(text, NOW)).toBeUndefined(),
  );
});
