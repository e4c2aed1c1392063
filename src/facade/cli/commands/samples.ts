import { codeOf } from '../../../http/error-code.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fixture } from '../../compare/fixture.ts';
import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';

export interface SamplesOptions extends CommonOptions {
  readonly into?: string;
  readonly reveal?: boolean;
}

/**
 * The newest pairs of answers that differed, as fixtures for `replay`; redacted, unless the facade stands in front of
 * the sandbox and is asked to reveal them. Which it is only the facade knows, so it is the facade that refuses.
 */
export const samples: Command<SamplesOptions> = async (context, { into, reveal = false }, [route = '']) => {
  const path = `/api/parity/${encodeURIComponent(route)}/samples${reveal ? '?reveal=true' : ''}`;
  const { samples: found } = await context.admin.get<{ samples: readonly Fixture[] }>(path);
  if (into === undefined) {
    print(context, found, (shown) => render(context, route, shown));
    return EXIT.ok;
  }
  const files = found.map((fixture, i) => ({ name: join(into, `${route}-${i + 1}.json`), fixture }));
  write(into, files);
  const names = files.map(({ name }) => name);
  print(context, { files: names }, () => names.join('\n') || `No answers of ${route} that differ are kept.`);
  return EXIT.ok;
};

function render({ style }: Context, route: string, found: readonly Fixture[]): string {
  if (found.length === 0) return `No answers of ${route} that differ are kept.`;
  const blocks = found.map(({ at, differences, control, candidate }) => {
    const told = (side: Fixture['control']) => `  ${side.path}, ${side.status}: ${side.body}`;
    return [style.bold(at), ...differences.map((text) => `  ${text}`), told(control), told(candidate)].join('\n');
  });
  return blocks.join('\n\n');
}

function write(folder: string, files: readonly { readonly name: string; readonly fixture: Fixture }[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, fixture } of files) writeFileSync(name, `${JSON.stringify(fixture, undefined, 2)}\n`);
  } catch (error) {
    throw new CliError(EXIT.problems, `${folder} cannot be written to (${codeOf(error)}); name another folder.`);
  }
}
