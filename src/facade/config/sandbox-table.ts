import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextSync } from '../../http/read-file.ts';
import { FIRST_SCHEMA, FIRST_TABLE } from './first-table.ts';
import { digestOf } from './load.ts';

/**
 * The rollout table of the sandbox: a copy of the shipped one, so that a flip that is tried there never ends in the table
 * of the real upstreams. Its first line keeps the digest of the text that it was copied from. By that digest a start
 * knows a copy without any edit, which follows the shipped table, from one with flips, which is the operator's.
 */

export const SANDBOX_TABLE = 'sandbox.yaml';

/** `old`: the shipped table has changed since, and the copy has edits, so that it stays as it is. */
export type SandboxTable = 'written' | 'kept' | 'old';

/**
 * Makes the copy where there is none, and makes it anew where it has no edit and the shipped table has changed.
 * @param packaged the package's own folder of tables. @param file of the copy.
 * Throws when the copy cannot be read or written.
 */
export function keepSandboxTable(packaged: string, file: string): SandboxTable {
  const shipped = readTextSync(join(packaged, FIRST_TABLE));
  const copy = existsSync(file) ? parseCopy(readTextSync(file)) : undefined;
  if (copy && (copy.digest === undefined || copy.digest === digestOf(shipped))) return 'kept';
  if (copy && copy.digest !== digestOf(copy.text)) return 'old';
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(join(packaged, FIRST_SCHEMA), join(dirname(file), FIRST_SCHEMA));
  // Renamed: a process that is killed here leaves no half of a table.
  writeFileSync(`${file}.new`, `${firstLine(file, digestOf(shipped))}\n${shipped}`);
  renameSync(`${file}.new`, file);
  return 'written';
}

const firstLine = (file: string, digest: string): string =>
  `# The rollout table of the sandbox, a copy of the shipped one (digest ${digest}). To start anew, delete ${file}.`;

interface Copy {
  /** Of the text that was copied; undefined: the first line is gone, and the table the operator's own. */
  readonly digest: string | undefined;
  /** Without the first line. */
  readonly text: string;
}

function parseCopy(whole: string): Copy {
  const end = whole.indexOf('\n') + 1;
  return { digest: /\(digest ([0-9a-f]{12})\)/.exec(whole.slice(0, end))?.[1], text: whole.slice(end) };
}
