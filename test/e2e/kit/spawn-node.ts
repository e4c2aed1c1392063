import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PRELOADED = pathToFileURL(join(import.meta.dirname, 'dies-with-parent.ts')).href;

/** Runs a file of ours as a process of its own, which ends with this one. @param entry from the root of the repository. */
export function spawnNode(entry: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, ['--import', PRELOADED, resolve(entry), ...args], options);
}
