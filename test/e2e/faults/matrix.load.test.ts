import { expect, test } from 'vitest';
import { FAULTS } from './faults.ts';
import { testFaults } from './matrix.ts';
import { page } from './page.ts';

/** Every fault in every situation. docs/reliability.md is what this prints: `npm run reliability` writes it anew. */

const rows = testFaults(FAULTS);

test('docs/reliability.md says what was measured (else: npm run reliability)', async () => {
  expect(rows).toHaveLength(FAULTS.length);
  await expect(page(rows)).toMatchFileSnapshot('../../../docs/reliability.md');
});
