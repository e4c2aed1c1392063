import { expect, test } from 'vitest';
import { dutiesOf } from '../../../../src/facade/compose/duties.ts';

const URL = { kind: 'url', url: 'postgres://db' } as const;
const ALONE = { isFirst: true, isEmbedded: false };
const LATER = { isFirst: false, isEmbedded: false };

test.each([
  ['alone, without a database', ALONE, { kind: 'none' }, 'file', true, true],
  ['alone, on its embedded one', ALONE, { kind: 'embedded' }, 'file', true, true],
  ['alone, on a shared one', ALONE, URL, 'database', true, true],
  ['the first worker, on a shared one', ALONE, URL, 'database', true, true],
  ['a later worker, on a shared one', LATER, URL, 'database', true, false],
  ['a later worker, without one', LATER, { kind: 'none' }, 'file', false, false],
  ['the first worker, on the primary’s embedded one', { isFirst: true, isEmbedded: true }, URL, 'file', true, true],
  ['a later worker, on the primary’s embedded one', { isFirst: false, isEmbedded: true }, URL, 'file', false, false],
] as const)('%s', (_, role, database, rolloutsIn, keepsHistory, mayLead) => {
  expect(dutiesOf(role, database)).toEqual({ rolloutsIn, keepsHistory, mayLead });
});
