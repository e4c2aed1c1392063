import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StoreUnavailable } from '../unavailable.ts';

/**
 * As whom the server runs. Postgres refuses to be root; where we are root it becomes the owner of the files that are
 * there, else the user `postgres`, which is made when the system has none, as Postgres's own packages do.
 */

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'postgres';

/**
 * @param clusterDir the server's files; they need not exist yet.
 * @returns undefined: as ourselves.
 */
export async function serverAccount(clusterDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const found = lookUp();
  if (found) return found;
  try {
    await promisify(execFile)('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      NAME,
    ]);
  } catch (error) {
    const remedy = `start the facade as an ordinary user, or make a user "${NAME}", or set DATABASE_URL`;
    throw new StoreUnavailable(`Postgres cannot run as root; ${remedy}`, { cause: error });
  }
  const made = lookUp();
  if (!made) throw new StoreUnavailable(`the user "${NAME}" was made, but is not in /etc/passwd; set DATABASE_URL`);
  return made;
}

function lookUp(): Account | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((row) => row.startsWith(`${NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

interface SpawnCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** For spawn and execFile. */
  readonly as: { readonly uid?: number; readonly gid?: number };
}

/**
 * How the account runs a program that works on `dirs`. Beneath a directory that only root may enter (/root, a temporary
 * directory) the account could reach neither the program nor its files; there it keeps one right of the root that we
 * are, to search and read, and nothing else. The database can be asked to read files by its superuser only, and that is
 * the facade.
 */
export function asAccount(
  account: Account | undefined,
  file: string,
  args: readonly string[],
  dirs: readonly string[],
): SpawnCommand {
  if (!account) return { file, args, as: {} };
  const barred = [file, ...dirs].map((path) => barrier(path, account)).find((path) => path !== undefined);
  if (barred === undefined) return { file, args, as: account };
  if (!mayPassOn()) {
    const remedy = `let others enter it (chmod o+x), start the facade as an ordinary user, or set DATABASE_URL`;
    throw new StoreUnavailable(`as root, its server is another user, who cannot enter ${barred}; ${remedy}`);
  }
  const { uid, gid } = account;
  const right = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return {
    file: 'setpriv',
    args: [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...right, file, ...args],
    as: {},
  };
}

/** The first directory on the way to `path` that the account may not enter. */
function barrier(path: string, { uid, gid }: Account): string | undefined {
  const dir = dirname(path);
  const above = dir === path ? undefined : barrier(dir, { uid, gid });
  if (above !== undefined || dir === path) return above;
  const { mode, uid: owner, gid: group } = statSync(dir);
  const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  return (mode & bit) === 0 ? dir : undefined;
}

/** CAP_DAC_READ_SEARCH among what this process may hand on. */
function mayPassOn(): boolean {
  if (process.platform !== 'linux') return false;
  const status = readFileSync('/proc/self/status', 'utf8');
  const held = ['CapEff', 'CapBnd'].map((set) =>
    BigInt(`0x${new RegExp(`^${set}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? 0}`),
  );
  return held.every((bits) => (bits & 4n) !== 0n);
}
