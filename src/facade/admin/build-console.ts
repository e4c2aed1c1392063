import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTextSync } from '../../http/read-file.ts';

/**
 * `npm run build:console`, and `prepare` of every install: makes the console's scripts of their sources. Node takes the
 * types out, as it does when the facade itself runs from its sources, so that an install without devDependencies can
 * build too. tsc checks the types (`npm run typecheck`).
 */

/** In the form `./board.ts`; tsc rewrites the same ones. */
const RELATIVE_IMPORT = /(\bfrom |\bimport |\bimport\()'(\.{1,2}\/[^']+)\.ts'/g;
const COPIED = '{*.html,*.css,*.svg}';

/** @param from folder of the sources. @param to folder of the page; what it held before is removed. */
export function buildConsole(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const name of globSync(COPIED, { cwd: from })) copyFileSync(join(from, name), join(to, name));
  for (const name of globSync('**/*.ts', { cwd: from })) {
    if (name.endsWith('.d.ts')) continue;
    const script = stripTypeScriptTypes(readTextSync(join(from, name))).replace(RELATIVE_IMPORT, "$1'$2.js'");
    const file = join(to, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, script);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  // Node calls the function experimental; which version of node does it is pinned by `engines`.
  process.removeAllListeners('warning');
  buildConsole(folder('console'), folder('../../../dist/facade/admin/console'));
}
