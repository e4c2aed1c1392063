import { open, readFile, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { revisionOf } from './load.ts';

/**
 * Replaces the config file so that every reader, and every crash, sees the old text or the new one and nothing between:
 * written beside it, flushed, renamed over it, and the directory flushed. A symlink stays and its target is replaced;
 * mode and owner stay.
 *
 * The file may be under somebody's hands at this moment. It is read once more just before the rename, and another text
 * than the caller knew refuses the write. Between that read and the rename a gap of microseconds is left, as POSIX has
 * no compare-and-rename; so writers of one machine should go through one facade.
 */

/** The file is no longer what the edit was made of. */
export class FileChanged extends Error {}

/**
 * @param expected the whole text that is being replaced, or its revision (`revisionOf`).
 * @throws FileChanged; or the error of the file system, and then the old file is untouched.
 */
export async function writeConfig(
  file: string,
  expected: { readonly text: string } | { readonly revision: string },
  text: string,
): Promise<void> {
  const target = await realpath(file);
  const revision = 'text' in expected ? revisionOf(expected.text) : expected.revision;
  await refuseChanged(file, target, revision);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${Date.now().toString(36)}.tmp`);
  try {
    await writeBeside(temporary, target, text);
    await refuseChanged(file, target, revision);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await flushDirectory(dirname(target));
}

async function refuseChanged(file: string, target: string, revision: string): Promise<void> {
  if (revisionOf(await readFile(target, 'utf8')) === revision) return;
  throw new FileChanged(`${file} was changed by somebody else meanwhile; look at it and try again`);
}

async function writeBeside(temporary: string, target: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(target);
  // wx: never through a link that somebody laid there.
  const handle = await open(temporary, 'wx', mode & 0o7777);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode & 0o7777);
    await keepOwner(handle, uid, gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Only root may give a file away. For all others that is an error, sooner than a file its owner cannot read. */
async function keepOwner(handle: FileHandle, uid: number, gid: number): Promise<void> {
  const now = await handle.stat();
  if (now.uid !== uid || now.gid !== gid) await handle.chown(uid, gid);
}

/** Makes the rename itself survive a power cut. Some file systems cannot open or flush a directory: then it does not. */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
