import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Style } from './context.ts';

/**
 * Tables without borders, so that they can be cut with awk and read on 80 columns. A table that is too wide loses width
 * in its elastic columns, the least important first, never in a number; without room even for that, the lines are longer
 * than the terminal.
 */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * Takes the cut when there is no room, those with the lowest rank first: 1 is what a reader misses least. Columns of the
   * same rank share a cut, the widest first. Left out: never cut.
   */
  readonly elastic?: number;
  /** It keeps so many columns at least; default: {@link NARROWEST}. */
  readonly narrowest?: number;
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

/**
 * A table where it fits; else each row on lines of its own, with the titles in front of the values: ids and times that
 * somebody copies are never cut.
 */
export function renderRecords(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  style: Style,
): string {
  const table = renderTable(columns, rows, width, style);
  if (table.split('\n').every((line) => widthOf(line) <= width)) return table;
  return rows.map((row) => recordOf(columns, row, width, style)).join('\n\n');
}

/** `WHEN 2026-11-24 …  STATE open`, and the rest indented below. */
function recordOf(columns: readonly Column[], row: readonly string[], width: number, style: Style): string {
  const parts = columns.flatMap(({ title }, i) => (row[i] ? [`${style.dim(title)} ${row[i]}`] : []));
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + GAP + widthOf(part) <= width)
      lines[lines.length - 1] = `${last}  ${part}`;
    else lines.push(lines.length === 0 ? part : `  ${part}`);
  }
  return lines.join('\n');
}

function fitted(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  let excess = natural.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1) - width;
  const ranks = [...new Set(columns.flatMap(({ elastic }) => elastic ?? []))].toSorted((a, b) => a - b);
  for (const rank of ranks) {
    while (excess > 0) {
      const at = widest(columns, widths, rank);
      if (at === undefined) break;
      widths[at]!--;
      excess--;
    }
  }
  return widths;
}

/** The widest column of a rank that may still be cut. */
function widest(columns: readonly Column[], widths: readonly number[], rank: number): number | undefined {
  let found: number | undefined;
  columns.forEach(({ elastic, narrowest = NARROWEST }, i) => {
    if (elastic !== rank || widths[i]! <= narrowest) return;
    if (found === undefined || widths[i]! > widths[found]!) found = i;
  });
  return found;
}
