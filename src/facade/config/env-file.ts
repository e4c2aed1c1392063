import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * An optional .env file, read again at every reload: emptying C2S_GATEWAY_URL in it takes every route back to direct
 * without a restart. The environment of a running process cannot be changed from outside; a file can.
 */

/** Its variables; none when the file does not exist. Throws when it exists and cannot be read. */
export function readEnvFile(path: string): Record<string, string> {
  try {
    const parsed = parseEnv(readFileSync(path, 'utf8'));
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
