import { createHash } from 'node:crypto';
import { chmodSync, lchownSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailable } from '../unavailable.ts';
import type { Account } from './account.ts';

/** Bytes: what every system allows for the path of a Unix socket (104 on macOS), less the longest name we put there. */
const MAX_PATH_LENGTH = 104 - '/owner.sock.12345678'.length - 1;

/**
 * The directory of the sockets, which only we may enter: beside the data where the path is short enough, else one in
 * the temporary directory whose name follows from the data's, so that a second owner comes upon the same.
 * @param dataDir absolute, without symbolic links.
 * @param account who makes sockets there.
 */
export function runtimeDir(dataDir: string, account: Account | undefined): string {
  const beside = join(dataDir, 'run');
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const dir = Buffer.byteLength(beside) <= MAX_PATH_LENGTH ? beside : join(tmpdir(), `c2s-facade-${name}`);
  mkdirSync(dir, { mode: 0o700, recursive: true });
  // Anybody may have made it in a temporary directory, or a link to another place: it must be ours alone.
  const found = lstatSync(dir);
  if (!found.isDirectory() || ![process.getuid?.(), account?.uid].includes(found.uid)) {
    throw new StoreUnavailable(`${dir} belongs to another user (${found.uid}): start as that one, or change DATA_DIR`);
  }
  chmodSync(dir, 0o700);
  if (account) lchownSync(dir, account.uid, account.gid);
  return dir;
}
