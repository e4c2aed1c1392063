import { describe, expect, it } from 'vitest';
import { resolveFormerNames } from '../../../src/http/former-names.ts';

const NAMES = {
  OLD: { now: 'NEW' },
  OLDER: { now: 'NEW' },
  GONE: { instead: 'is not read here; write OTHER', isFault: false },
  wrong: { instead: 'is not read in small letters; write WRONG', isFault: true },
} as const;
const READ = 'OLD: is the former name of NEW and is read as that; write NEW';

type Given = Record<string, string | undefined>;

describe('former names', () => {
  it.each<[Given, string | undefined, string[], string[]]>([
    [{}, undefined, [], []],
    [{ NEW: 'a' }, 'a', [], []],
    [{ OLD: 'a' }, 'a', [], [READ]],
    [{ OLD: ' a\n' }, 'a', [], [READ]],
    [{ OLD: 'a', NEW: '' }, 'a', [], [READ]],
    [{ OLD: '', NEW: 'b' }, 'b', [], []],
    [{ OLD: 'a', NEW: 'a' }, 'a', [], ['OLD: is the former name of NEW, which is set too; remove OLD']],
    [{ OLD: 'a', NEW: 'b' }, 'b', ['OLD: is a former name of NEW and is not the same as NEW; write NEW alone'], []],
    [
      { OLD: 'a', OLDER: 'b' },
      'a',
      ['OLDER: is a former name of NEW and is not the same as OLD; write NEW alone'],
      [READ],
    ],
    [{ OLD: 'a', OLDER: 'a' }, 'a', [], [READ, 'OLDER: is the former name of NEW, which is set too; remove OLDER']],
    [{ GONE: 'x' }, undefined, [], ['GONE: is not read here; write OTHER']],
    [{ wrong: 'x' }, undefined, ['wrong: is not read in small letters; write WRONG'], []],
  ])('of %j', (given, value, problems, warnings) => {
    const read = resolveFormerNames(given, NAMES);
    expect(read.variables['NEW']).toBe(value);
    expect(read.problems).toEqual(problems);
    expect(read.warnings).toEqual(warnings);
  });
});
