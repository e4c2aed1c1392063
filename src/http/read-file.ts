import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * The text of a regular file up to a bound, whatever stands at its path. A FIFO that nobody writes to would hold the
 * reader, its thread and the end of the process; a link to /dev/zero would never end. A link to a regular file is one,
 * which is how Kubernetes mounts a ConfigMap. Looked at through the open handle, so that it cannot be exchanged between.
 */

/** Bytes; as much as a Kubernetes ConfigMap may hold. */
export const MAX_FILE_BYTES = 1_048_576;

/** The file system lets it be read, and it is none that we read. */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
  readonly path: string;
  /** In words, where an error of the file system has `ENOENT`. */
  readonly code: string;

  constructor(path: string, code: string) {
    super(`${path} cannot be read: it is ${code}`);
    this.path = path;
    this.code = code;
  }
}

/** Does not wait for a writer, and makes no terminal the one of this process; Windows knows neither. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
const CHUNK_BYTES = 65_536;

/** @throws UnfitFile, or the error of the file system. */
export function readTextSync(path: string, maxBytes = MAX_FILE_BYTES): string {
  const descriptor = opened(path, () => openSync(path, FLAGS));
  try {
    const content = new Content(path, fstatSync(descriptor), maxBytes);
    while (content.add(readSync(descriptor, content.chunk)));
    return content.text();
  } finally {
    closeSync(descriptor);
  }
}

/** @throws UnfitFile, or the error of the file system. */
export async function readText(path: string, maxBytes = MAX_FILE_BYTES): Promise<string> {
  const handle = await open(path, FLAGS).catch((error: unknown) => opened(path, () => rethrown(error)));
  try {
    const content = new Content(path, await handle.stat(), maxBytes);
    while (content.add((await handle.read(content.chunk)).bytesRead));
    return content.text();
  } finally {
    await handle.close();
  }
}

/** A socket cannot even be opened. */
function opened<T>(path: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') {
      throw new UnfitFile(path, 'no regular file but a socket or a device');
    }
    throw error;
  }
}

function rethrown(error: unknown): never {
  throw error;
}

class Content {
  readonly chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(path: string, stats: Stats, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    if (!stats.isFile()) throw new UnfitFile(path, `no regular file but ${kindOf(stats)}`);
    if (stats.size > maxBytes) throw this.#tooLarge();
  }

  /** @returns false at the end. The size that stat tells is no bound: /proc says 0, and a log grows. */
  add(bytes: number): boolean {
    if (bytes === 0) return false;
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) throw this.#tooLarge();
    this.#chunks.push(Buffer.from(this.chunk.subarray(0, bytes)));
    return true;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #tooLarge(): UnfitFile {
    return new UnfitFile(this.#path, `larger than ${this.#maxBytes / 1_048_576} MiB`);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** As readTextSync; empty where there is no such file, or none that can be read. */
export function readTextIfAny(path: string): string {
  try {
    return readTextSync(path);
  } catch {
    return '';
  }
}
