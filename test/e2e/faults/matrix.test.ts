import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FIRST_OF_EACH_FATE } from './faults.ts';
import { testFaults } from './matrix.ts';
import { page } from './page.ts';

/** One fault for each fate that requests can meet, in every situation; every fault in matrix.load.test.ts. */

const rows = testFaults(FIRST_OF_EACH_FATE);

/** The lines of these faults in every table of the page, in order. */
function linesOfRows(text: string): string[] {
  const shown = new Set(rows.map(({ fault }) => fault));
  return text.split('\n').filter((line) => shown.has(line.split('|')[1]?.trim() ?? ''));
}

test('docs/reliability.md says of these faults what was measured (else: npm run reliability)', () => {
  expect(rows.map(({ fault }) => fault)).toEqual(FIRST_OF_EACH_FATE.map(({ name }) => name));
  const printed = linesOfRows(page(rows));
  expect(printed.length).toBeGreaterThanOrEqual(4 * rows.length);
  expect(linesOfRows(readFileSync('docs/reliability.md', 'utf8'))).toEqual(printed);
});
