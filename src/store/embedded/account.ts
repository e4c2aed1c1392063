import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { StoreUnavailable } from '../unavailable.ts';

/**
 * As whom the server runs. Postgres refuses to be root; where we are root it becomes the user `postgres`, made when the
 * system has none, as its packages do.
 */

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'postgres';

/** Undefined: as ourselves. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
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
