import { parseEnv } from 'node:util';
import { codeOf } from '../../http/error-code.ts';
import { readTextSync } from '../../http/read-file.ts';

/**
 * An optional .env file, read again at every reload: emptying the gateway's address in it takes every route back to direct
 * without a restart. The environment of a running process cannot be changed from outside; a file can.
 */

/** The file is there and cannot be read. The message says what to do. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
  readonly path: string;
  readonly code: string;

  constructor(path: string, cause: unknown) {
    const code = codeOf(cause);
    super(`${path}: cannot be read (${code}); make it a regular file that this user may read, or remove it`, { cause });
    this.path = path;
    this.code = code;
  }
}

/** Its variables; none when the file does not exist. @throws EnvFileError */
export function readEnvFile(path: string): Record<string, string> {
  try {
    const parsed = parseEnv(readTextSync(path));
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new EnvFileError(path, error);
  }
}
