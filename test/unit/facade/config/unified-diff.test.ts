import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unifiedDiff } from '../../../../src/facade/config/unified-diff.ts';

const numbered = (...replaced: readonly (readonly [number, string])[]) =>
  Array.from({ length: 20 }, (_, i) => `${new Map(replaced).get(i + 1) ?? `line ${i + 1}`}\n`).join('');

it('is empty for the same text', () => {
  expect(unifiedDiff('f', numbered(), numbered())).toBe('');
});

it('shows a changed line with three lines around it', () => {
  expect(unifiedDiff('f.yaml', numbered(), numbered([10, 'ten']))).toBe(
    '--- f.yaml\n+++ f.yaml\n@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+ten\n line 11\n line 12\n line 13\n',
  );
});

it('makes one hunk of changes whose surroundings touch, and two of others', () => {
  const hunks = (text: string) => unifiedDiff('f', numbered(), text).match(/^@@.*$/gm);
  expect(hunks(numbered([5, 'a'], [12, 'b']))).toEqual(['@@ -2,14 +2,14 @@']);
  expect(hunks(numbered([5, 'a'], [13, 'b']))).toEqual(['@@ -2,7 +2,7 @@', '@@ -10,7 +10,7 @@']);
});

it.each([
  ['before the change', [8], ['@@ -9,5 +9,5 @@']],
  ['at its side', [9, 11], ['@@ -10 +10 @@']],
  ['after it', [12], ['@@ -7,5 +7,5 @@']],
  ['far from it', [6, 14], ['@@ -7,7 +7,7 @@']],
])('ends the surroundings at a secret line %s', (_, secret, hunks) => {
  const diff = unifiedDiff('f', numbered(), numbered([10, 'ten']), (line) => secret.includes(line + 1));
  expect(diff.match(/^@@.*$/gm)).toEqual(hunks);
  for (const line of secret) expect(diff).not.toContain(`line ${line}\n`);
});

it('makes two hunks of changes with a secret line between', () => {
  const diff = unifiedDiff('f', numbered(), numbered([5, 'a'], [8, 'b']), (line) => line === 5);
  expect(diff.match(/^@@.*$/gm)).toEqual(['@@ -2,4 +2,4 @@', '@@ -7,5 +7,5 @@']);
});

it('says that the last line has no end', () => {
  expect(unifiedDiff('f', 'a\nb', 'a\nb\n')).toBe(
    '--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n',
  );
});

it.each([false, true])('is what patch(1) makes the new text of, with secret lines: %s', (hasSecrets) => {
  const isSecret = (line: number): boolean => hasSecrets && line % 7 === 3;
  const diffOf = (before: string, after: string): string => unifiedDiff('f', before, after, isSecret);
  const dir = mkdtempSync(join(tmpdir(), 'diff-'));
  const file = join(dir, 'f');
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '', 'd'), { maxLength: 30 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== after);
      writeFileSync(file, before);
      execFileSync('patch', ['-s', '--no-backup-if-mismatch', file], { input: diffOf(before, after) });
      // patch removes a file that became empty.
      const patched = after === '' ? '' : readFileSync(file, 'utf8');
      expect(patched).toBe(after);
    }),
    { numRuns: 60 },
  );
  rmSync(dir, { recursive: true, force: true });
});
