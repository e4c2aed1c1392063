import { expect, test } from 'vitest';
import { processIo } from '../../../../src/facade/cli/io.ts';
import { renderTable } from '../../../../src/facade/cli/table.ts';
import { cli } from './kit.ts';

/** How wide the output may be. */

test('a table is not cut where a program reads it', () => {
  expect([process.stdout.isTTY, processIo().width]).toEqual([undefined, Infinity]);
  const style = { dim: (text: string) => text } as Parameters<typeof renderTable>[3];
  const why = 'a reason of many words '.repeat(20).trim();
  expect(renderTable([{ title: 'WHY', elastic: 1 }], [[why]], Infinity, style)).toContain(why);
});

test('help is 80 columns wide there', async () => {
  const { out } = await cli(['flip', '--help'], { width: Infinity });
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});
