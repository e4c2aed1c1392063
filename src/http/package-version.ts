import { fileURLToPath } from 'node:url';
import { readTextSync } from './read-file.ts';

/** `0.1.0`. package.json lies two folders up from this source and from its built file alike. */
export function packageVersion(): string {
  const text = readTextSync(fileURLToPath(new URL('../../package.json', import.meta.url)));
  return (JSON.parse(text) as { version: string }).version;
}
