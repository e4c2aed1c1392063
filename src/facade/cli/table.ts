import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Style } from './context.ts';

/**
 * Tables without borders, so that they can be cut with awk and read on 80 columns. A table that is too wide loses width
 * in its elastic column, never a number; without room even for that, the lines are longer than the terminal.
 */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes the cut when there is no room. */
  readonly elastic?: boolean;
}

const GAP = 2;
const NARROWEST = 8;
const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** Columns that a text takes on the screen. */
const widthOf = (text: string) => [...stripVTControlCharacters(text)].length;

export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  style: Style,
): string {
  const natural = columns.map(({ title }, i) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ''))));
  const widths = fitted(columns, natural, width);
  const table = new Table({
    head: columns.map(({ title }) => style.dim(title)),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: widths.map((columnWidth) => columnWidth + GAP),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function fitted(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  let excess = natural.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1) - width;
  return natural.map((one, i) => {
    if (excess <= 0 || !columns[i]?.elastic) return one;
    const cut = Math.min(excess, Math.max(0, one - NARROWEST));
    excess -= cut;
    return one - cut;
  });
}
