import { codeOf } from '../../../http/error-code.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fixture } from '../../compare/fixture.ts';
import { visible } from '../../../http/visible.ts';
import { print, type Command, type CommonOptions, type Context, type Style } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { instant } from '../format.ts';
import { ofRoute } from '../live.ts';
import { headOf, linePairs, placesOf } from '../side-by-side.ts';
import { renderTable, type Column } from '../table.ts';

export interface SamplesOptions extends CommonOptions {
  readonly into?: string;
  readonly reveal?: boolean;
  readonly full?: boolean;
}

/**
 * The newest pairs of answers that differed, as fixtures for `replay`; redacted, unless the facade stands in front of
 * the sandbox and is asked to reveal them. Which it is only the facade knows, so it is the facade that refuses.
 */
export const samples: Command<SamplesOptions> = async (
  context,
  { into, reveal = false, full = false },
  [route = ''],
) => {
  const path = `/api/parity/${encodeURIComponent(route)}/samples${reveal ? '?reveal=true' : ''}`;
  const { samples: found } = await ofRoute(context, route, () =>
    context.admin.get<{ samples: readonly Fixture[] }>(path),
  );
  if (into === undefined) {
    // Each cell is made visible by itself: the bodies are read as JSON first.
    print(context, found, () => render(context, route, found, full));
    return EXIT.ok;
  }
  const files = found.map((fixture, i) => ({ name: join(into, `${route}-${i + 1}.json`), fixture }));
  write(into, files);
  const names = files.map(({ name }) => name);
  print(context, { files: names }, () => names.join('\n') || `No answers of ${route} that differ are kept.`);
  return EXIT.ok;
};

function render({ io, style }: Context, route: string, found: readonly Fixture[], full: boolean): string {
  if (found.length === 0) return `No answers of ${route} that differ are kept.`;
  const blocks = found.map((sample, i) => {
    const { at, isRedacted, differences } = sample;
    const note = isRedacted ? 'redacted' : 'as they are';
    const title = `${style.bold(`${visible(sample.route)} ${i + 1} of ${found.length}`)}  ${instant(visible(at))}, ${note}`;
    const body = full ? documents(sample, io.width, style) : places(sample, io.width, style);
    return [title, ...differences.map((text) => `  ${visible(text)}`), '', body].join('\n');
  });
  const more = full ? [] : [style.dim('Whole documents: --full. As files for replay: --into FOLDER.')];
  return [...blocks, ...more].join('\n\n');
}

/** `/data/phone: type string→null`: the pointer stands before the kind. */
const pointerOf = (difference: string): string => difference.slice(0, difference.lastIndexOf(': '));

function places({ control, candidate, differences }: Fixture, width: number, style: Style): string {
  const rows = placesOf(control, candidate, differences.map(pointerOf)).map(({ place, left, right }) => [
    visible(place),
    style.red(visible(left)),
    style.green(visible(right)),
  ]);
  const columns: Column[] = [
    { title: 'PLACE', elastic: 2, narrowest: 16 },
    { title: titleOf(control), elastic: 1, narrowest: 16 },
    { title: titleOf(candidate), elastic: 1, narrowest: 16 },
  ];
  return renderTable(columns, rows, width, style);
}

const titleOf = (side: Fixture['control']): string => visible(`${side.path}: ${headOf(side)}`);

/** Between the two columns: ` │ `, with `≠` where the lines differ. */
const GUTTER = 3;

function documents({ control, candidate }: Fixture, width: number, style: Style): string {
  const pairs = linePairs(control, candidate);
  const longest = Math.max(...pairs.map(({ left }) => left?.length ?? 0), headOf(control).length + 10);
  const column = Math.min(longest, Math.floor((width - GUTTER) / 2));
  const titles = [control, candidate].map(titleOf);
  const lines = pairs.flatMap(({ left, right }) => {
    const isSame = left === right;
    const [lefts, rights] = [cutInto(left ?? '', column), cutInto(right ?? '', width - column - GUTTER)];
    return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, i) => {
      const [a, b] = [(lefts[i] ?? '').padEnd(column), rights[i] ?? ''];
      return isSame ? `${a} │ ${b}` : `${style.red(a)} ≠ ${style.green(b)}`;
    });
  });
  const head = `${style.dim((titles[0] ?? '').padEnd(column))} │ ${style.dim(titles[1] ?? '')}`;
  return [head, ...lines].map((line) => line.trimEnd()).join('\n');
}

/** A line that is longer than its column goes on below. */
function cutInto(line: string, column: number): string[] {
  if (line.length <= column) return [line];
  const parts: string[] = [];
  for (let i = 0; i < line.length; i += column) parts.push(line.slice(i, i + column));
  return parts;
}

function write(folder: string, files: readonly { readonly name: string; readonly fixture: Fixture }[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, fixture } of files) writeFileSync(name, `${JSON.stringify(fixture, undefined, 2)}\n`);
  } catch (error) {
    throw new CliError(EXIT.problems, `${folder} cannot be written to (${codeOf(error)}); name another folder.`);
  }
}
