import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { z } from 'zod';
import { readTextIfAny } from '../../../http/read-file.ts';

/**
 * The names under which Postgres looks for its libraries (`libpq.so.5` for `libpq.so.5.18`). A tarball of npm holds no
 * symbolic links, so the package makes them by an install script. Where install scripts are blocked, as by npm 12 or by
 * --ignore-scripts, they are made in the data directory instead: the package may belong to another user.
 */

/** Of the package: its list of links. */
const LIST = 'native/pg-symlinks.json';
const listSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Under the data directory. */
const LINKS = 'postgres-libraries';

/** Where the loader of this platform looks first. */
const VARIABLE = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';

/**
 * @param packageDir of the build of Postgres for this platform.
 * @returns what the environment of its programs needs; nothing where the package's own links are whole.
 */
export function libraryEnvironment(packageDir: string, dataDir: string): Readonly<Record<string, string>> {
  const missing = linksOf(packageDir).filter(({ target }) => !existsSync(join(packageDir, target)));
  if (missing.length === 0) return {};
  const dir = join(dataDir, LINKS);
  // Made anew: those of a version before would lead nowhere, or to other libraries.
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  // The server may be another user's than ours (account.ts).
  chmodSync(dir, 0o755);
  for (const { source, target } of missing) symlinkSync(join(packageDir, source), join(dir, basename(target)));
  // A library looks for those that it needs beside the name under which it was found.
  return { [VARIABLE]: [dir, join(packageDir, 'native', 'lib')].join(delimiter) };
}

function linksOf(packageDir: string): z.output<typeof listSchema> {
  const text = readTextIfAny(join(packageDir, LIST));
  return text === '' ? [] : listSchema.parse(JSON.parse(text));
}
