import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Opened } from './kit/load.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { until } from './kit/upstream.ts';

/** A signal during the start: what was started ends, whoever it is, and nothing is left behind. */

const opened = new Opened();
afterEach(opened.closeAll);

const ONE = { C2S_BASE_URL: 'http://127.0.0.1:1', DATABASE_URL: undefined };
const WORKERS = { ...ONE, WORKERS: '2' };
const SANDBOX = { DATABASE_URL: undefined, C2S_TOKEN: undefined, FACADE_TOKENS: undefined, FACADE_CONFIG: undefined };

const read = (file: string, from: (path: string) => string): string => {
  try {
    return from(file);
  } catch {
    // It has ended meanwhile, or is not ours to look at.
    return '';
  }
};
/** Processes that run in the directory of this facade, or on files in it; Postgres and its initdb too. */
function processesOf({ dir }: FacadeProcess): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      cwd: read(`/proc/${pid}/cwd`, (path) => readlinkSync(path)),
      command: read(`/proc/${pid}/cmdline`, (path) => readFileSync(path, 'latin1')).replaceAll('\0', ' '),
    }))
    .filter(({ cwd, command }) => cwd === dir || command.includes(dir))
    .map(({ command }) => command);
}

const data = ({ dir }: FacadeProcess): string => join(dir, '.data');
const isMaking = (one: FacadeProcess): boolean =>
  existsSync(data(one)) && readdirSync(data(one)).some((name) => name.startsWith('postgres.making-'));
const isServing = (one: FacadeProcess): boolean => existsSync(join(data(one), 'postgres', 'postmaster.pid'));
/** By its environment: before its exec a child of the primary looks like one by all else. */
const hasWorker = ({ dir }: FacadeProcess): boolean =>
  readdirSync('/proc').some(
    (pid) =>
      read(`/proc/${pid}/cwd`, (path) => readlinkSync(path)) === dir &&
      read(`/proc/${pid}/environ`, (path) => readFileSync(path, 'latin1')).includes('C2S_FACADE_WORKER_ROLE='),
  );

const MAKING = 'the files of Postgres are being made';
const CASES = [
  ['one process', MAKING, ONE, isMaking, ['SIGTERM']],
  ['the sandbox', MAKING, SANDBOX, isMaking, ['SIGINT']],
  ['workers', MAKING, WORKERS, isMaking, ['SIGTERM']],
  ['workers', 'Postgres starts', WORKERS, isServing, ['SIGINT']],
  ['workers', 'Postgres starts', WORKERS, isServing, ['SIGINT', 'SIGTERM']],
  ['workers', 'the first of them starts', WORKERS, hasWorker, ['SIGTERM']],
  ['workers', 'the first of them starts', WORKERS, hasWorker, ['SIGTERM', 'SIGINT']],
] as const;

// Two that are the same could become one on their way. The first signal stops, with exit code 0; the second ends it now, and the rest follows.
test.each(CASES)('%s, while %s', { timeout: 60_000 }, async (_, __, env, isThere, signals) => {
  const facade = opened.keep(startProcess({ env }));
  await until(() => isThere(facade), 'it is so far', 30_000);
  for (const signal of signals) facade.child.kill(signal);
  expect(await facade.exited(signals.length > 1 ? 2_000 : 20_000)).toBe(signals.length > 1 ? 1 : 0);
  expect(facade.stderr()).toBe('');
  await until(() => processesOf(facade).length === 0, 'the rest ends', 10_000);
});
