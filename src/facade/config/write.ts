import { open, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readText } from '../../http/read-file.ts';
import { digestOf } from './load.ts';

/**
 * Replaces the config file so that every reader, and every crash, sees the old text or the new one and nothing between:
 * written beside it, flushed, renamed over it, and the directory flushed. A symlink stays and its target is replaced;
 * mode and owner stay.
 *
 * The file may be under somebody's hands at this moment: if it is no longer what the caller knew, the write is refused.
 * The new text has a fixed name and may not exist before, so it is the lock as well: of two facades or command lines on
 * one machine the second finds it taken, or finds the file changed. Only an editor that saves within the microseconds
 * between the last look and the rename is not seen; POSIX has no rename that compares.
 */

/** The file is no longer what the edit was made of, or somebody else is writing it now. */
export class FileChanged extends Error {}

/** Longer than any write takes: what lies there since then was left by a crash. Milliseconds. */
const STALE_MS = 10_000;

/**
 * @param expected the whole text that is being replaced, or its digest (`digestOf`).
 * @throws FileChanged; or the error of the file system, and then the old file is untouched.
 */
export async function writeConfig(
  file: string,
  expected: { readonly text: string } | { readonly digest: string },
  text: string,
): Promise<void> {
  const target = await realpath(file);
  const digest = 'text' in expected ? digestOf(expected.text) : expected.digest;
  const temporary = join(dirname(target), `.${basename(target)}.new`);
  const { mode, uid, gid } = await stat(target);
  const handle = await openAlone(file, temporary, mode & 0o7777);
  try {
    await fill(handle, text, mode & 0o7777, uid, gid).finally(() => handle.close());
    if (digestOf(await readText(target)) !== digest) {
      throw new FileChanged(`${file} was changed by somebody else meanwhile; look at it and try again`);
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await flushDirectory(dirname(target));
}

async function openAlone(file: string, temporary: string, mode: number): Promise<FileHandle> {
  // wx: never over another writer's text, never through a link that somebody laid there.
  const create = () => open(temporary, 'wx', mode);
  return create().catch(async (error: unknown) => {
    if (!isExisting(error)) throw error;
    const left = await stat(temporary).catch(() => undefined);
    if (left && Date.now() - left.mtimeMs < STALE_MS) {
      throw new FileChanged(`${file} is being written by somebody else at this moment; try again`);
    }
    await unlink(temporary).catch(() => undefined);
    return create();
  });
}

const isExisting = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EEXIST';

async function fill(handle: FileHandle, text: string, mode: number, uid: number, gid: number): Promise<void> {
  await handle.writeFile(text);
  // Again, because of the umask.
  await handle.chmod(mode);
  // Only root may give a file away. For all others that is an error, sooner than a file its owner cannot read.
  const now = await handle.stat();
  if (now.uid !== uid || now.gid !== gid) await handle.chown(uid, gid);
  await handle.sync();
}

/** Makes the rename itself survive a power cut. Some file systems cannot open or flush a directory: then it does not. */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
