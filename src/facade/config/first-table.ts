import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A first run in an empty folder has no rollout table. It gets a copy of the one that the package brings, where the
 * facade looks for it anyway: the operator edits that file from then on, and no upgrade of the package overwrites it.
 */

/** In the folder of the package. */
export const FIRST_TABLE = 'facade.yaml';
/** Beside the table, so that an editor knows what may be written there. */
export const FIRST_SCHEMA = 'facade.schema.json';

/**
 * @param packaged the package's own folder of them. @param file where a table is looked for.
 * @returns whether one was written. Throws when it cannot be.
 */
export function writeFirstTable(packaged: string, file: string): boolean {
  if (existsSync(file)) return false;
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  for (const name of [FIRST_TABLE, FIRST_SCHEMA]) {
    const place = join(folder, name);
    if (!existsSync(place)) copyFileSync(join(packaged, name), place);
  }
  return true;
}
