import { createHash } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailable } from '../unavailable.ts';
import type { Account } from './account.ts';

/** Bytes: what every system allows for the path of a Unix socket (104 on macOS), less the longest name we put there. */
const LONGEST = 104 - '/.s.PGSQL.5432.lock'.length - 1;

/**
 * The directory of the sockets, which only we may enter: beside the data where the path is short enough, else one in
 * the temporary directory whose name follows from the data's, so that a second owner comes upon the same.
 * @param dataDir absolute, without symbolic links.
 * @param account who makes sockets there.
 */
export function runtimeDir(dataDir: string, account: Account | undefined): string {
  const dir = choose(dataDir);
  if (account) chownSync(dir, account.uid, account.gid);
  return dir;
}

function choose(dataDir: string): string {
  const beside = join(dataDir, 'run');
  if (Buffer.byteLength(beside) <= LONGEST) {
    mkdirSync(beside, { mode: 0o700, recursive: true });
    return beside;
  }
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const apart = join(tmpdir(), `c2s-facade-${name}`);
  mkdirSync(apart, { mode: 0o700, recursive: true });
  // Anybody may make a directory there: one that is not ours alone is not to be trusted.
  const { uid, mode } = lstatSync(apart);
  const us = process.getuid?.();
  if (us !== 0 && (uid !== us || (mode & 0o77) !== 0)) {
    throw new StoreUnavailable(`${apart} belongs to somebody else; choose a shorter DATA_DIR`);
  }
  return apart;
}
