import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Sandbox } from '../../../src/c2s/sandbox/index.ts';
import { addLeads, enrichingEnv, eventOf, messagesOf, pushEvents, QUICK } from './enrichment.ts';
import { FACADE_TOKEN, readMetric, shippedTable } from './facade.ts';
import { tally } from './load.ts';
import { spawnNode } from './spawn-node.ts';
import { until } from './upstream.ts';

/**
 * A facade that is killed at a point of its pipeline, started again, killed again, each time with new leads beside
 * those that the one before left half done; and at last one that may live. Then every lead must have one message.
 */

export const CRASH_POINTS = [
  'lead:begun',
  'identify:begun',
  'enrich:begun',
  'compose:begun',
  'store:begun',
  'send:begun',
  // About to send; and sent, but not written down.
  'intended',
  'answered',
  'send:saved',
] as const;

export interface CrashOptions {
  /** Where each facade in turn is killed. */
  readonly points: readonly (typeof CRASH_POINTS)[number][];
  readonly leadsPerRound: number;
  readonly sandbox: Sandbox;
  /** DATABASE_URL, or DATA_DIR for the embedded one. */
  readonly env: Record<string, string>;
}

/** Longest life of a process that is to be killed. */
const LONGEST_ROUND = 90_000;

export async function crashAndRecover(options: CrashOptions): Promise<void> {
  const { points, leadsPerRound, sandbox, env } = options;
  const names = [...new Set(points)].join(', ');
  const dir = mkdtempSync(join(tmpdir(), 'c2s-crash-'));
  const leadIds = addLeads(sandbox, points.length * leadsPerRound);
  let owed: string[] = [];
  try {
    for (const [round, point] of points.entries()) {
      owed.push(...leadIds.slice(round * leadsPerRound, (round + 1) * leadsPerRound));
      const nth = 1 + ((round * 7) % leadsPerRound);
      const facade = start(dir, sandbox, { ...env, CRASH_AT: point, CRASH_NTH: String(nth) });
      owed = await push(facade, owed);
      await until(() => facade.hasEnded(), `${point}: killed in round ${round}\n${facade.output()}`, LONGEST_ROUND);
      expect(facade.child.signalCode, facade.output()).toBe('SIGKILL');
    }
    const last = start(dir, sandbox, env);
    expect(await push(last, owed)).toEqual([]);
    const counts = (): Record<string, number> => tally(leadIds.map((id) => messagesOf(sandbox, id).length));
    await until(() => (counts()['0'] ?? 0) === 0, `${names}: every lead has its message`, LONGEST_ROUND).catch(
      (error: unknown) => {
        throw new Error(`${String(error)} ${JSON.stringify(counts())}\n${last.output().slice(-3_000)}`);
      },
    );
    // What is still to come would be a second one.
    await until(() => last.isQuiet(), `${names}: nothing is under way`, LONGEST_ROUND);
    expect(counts()).toEqual({ 1: leadIds.length });
    last.child.kill('SIGTERM');
    await until(() => last.hasEnded(), 'the last one stops', LONGEST_ROUND);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface CrashingFacade {
  readonly child: ChildProcess;
  output(): string;
  hasEnded(): boolean;
  /** Base URL, when the enrichment is ready; undefined when the process ended before. */
  ready(): Promise<string | undefined>;
  /** No enrichment is queued or running. */
  isQuiet(): Promise<boolean>;
}

function start(dir: string, sandbox: Sandbox, more: Record<string, string>): CrashingFacade {
  const configFile = join(dir, 'facade.yaml');
  const config = shippedTable();
  // Above what the sandbox needs to take a message that was on its way when its sender died.
  config.setIn(['enrichment'], config.createNode({ ...QUICK, settle: '1s', window: '60s' }));
  writeFileSync(configFile, config.toString());
  const { DATABASE_URL: databaseUrl = '', ...env } = more;
  const child = spawnNode('test/e2e/kit/crashing-facade.ts', [], {
    env: {
      PATH: process.env['PATH'],
      // A restart is mostly the loading of the sources; they did not change.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'c2s-facade-compile-cache'),
      PORT: '0',
      ADMIN_PORT: '0',
      FACADE_TOKENS: FACADE_TOKEN,
      FACADE_CONFIG: configFile,
      C2S_BASE_URL: sandbox.c2s.url,
      ...enrichingEnv(sandbox, databaseUrl),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const listening = (): RegExpExecArray | null => /"listening":"([^"]+)","admin":"([^"]+)"/.exec(output);
  return {
    child,
    output: () => output,
    hasEnded,
    async ready() {
      const isReady = (): boolean => output.includes('enrichment: ready') && listening() !== null;
      await until(() => hasEnded() || isReady(), 'the enrichment is ready', LONGEST_ROUND);
      return hasEnded() ? undefined : listening()?.[1];
    },
    async isQuiet() {
      const text = await (await fetch(`${listening()?.[2]}/metrics`)).text();
      return readMetric(text, /^facade_jobs\{state="(?:queued|running)"\}/) === 0;
    },
  };
}

/** As Contact2Sale does: what was not answered is pushed again to whoever comes next. @returns what is still owed. */
async function push(facade: CrashingFacade, leadIds: readonly string[]): Promise<string[]> {
  const url = await facade.ready();
  if (url === undefined || leadIds.length === 0) return [...leadIds];
  const answer = await pushEvents(
    url,
    leadIds.map((id) => eventOf(id)),
  ).catch(() => undefined);
  return answer?.ok ? [] : [...leadIds];
}
