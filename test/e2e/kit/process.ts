import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Document } from 'yaml';
import { C2S_TOKEN, FACADE_TOKEN, shippedTable } from './facade.ts';
import { spawnNode } from './spawn-node.ts';
import { until } from './upstream.ts';

/** The facade as operators run it: `node src/main.ts` as a process of its own, in an empty directory of its own. */

export interface FacadeProcessOptions {
  /** Added to the usual variables; undefined takes one out. */
  readonly env?: Record<string, string | undefined>;
  /** Changes the shipped config/facade.yaml before the start. */
  readonly edit?: (config: Document) => void;
  /** The text of the config file instead. */
  readonly text?: string;
  /** Further files in its directory, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** On its command line. */
  readonly args?: readonly string[];
  /** Another entry than the facade's. */
  readonly entry?: string;
  /** A file descriptor for its standard output, which is then not read here: ask the ports whether it is ready. */
  readonly stdout?: number;
}

export interface FacadeProcess {
  readonly child: ChildProcess;
  readonly dir: string;
  readonly configFile: string;
  readonly config: Document;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when both listeners stand, with their base URLs. */
  ready(): Promise<{ url: string; adminUrl: string }>;
  /** Resolves with the exit code (null: a signal). */
  exited(deadline?: number): Promise<number | null>;
  /** Ends it, if it still runs, and removes its directory. */
  close(): Promise<void>;
}

export function startProcess(options: FacadeProcessOptions): FacadeProcess {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-facade-'));
  mkdirSync(join(dir, 'config'));
  const configFile = join(dir, 'config', 'facade.yaml');
  const config = shippedTable();
  options.edit?.(config);
  writeFileSync(configFile, options.text ?? config.toString());
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(dir, name), text);
  const standard = {
    PATH: process.env['PATH'],
    // A third of a start from the sources is their compilation.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    PORT: '0',
    ADMIN_PORT: '0',
    DATABASE_URL: 'none',
    C2S_TOKEN,
    FACADE_TOKENS: FACADE_TOKEN,
    FACADE_CONFIG: configFile,
  };
  const variables = Object.entries({ ...standard, ...options.env }).filter(([, value]) => value !== undefined);
  const child = spawnNode(options.entry ?? 'src/main.ts', options.args ?? [], {
    cwd: dir,
    env: Object.fromEntries(variables),
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = new Promise<number | null>((done) => child.once('close', done));
  return {
    child,
    dir,
    configFile,
    config,
    stdout: () => stdout,
    stderr: () => stderr,
    async ready() {
      const line = /^\{.*"listening":"([^"]+)","admin":"([^"]+)".*$|^c2s-facade (\S+) +admin (\S+)$/m;
      await until(() => line.test(stdout) || child.exitCode !== null, 'the process listens', 60_000);
      const [, url, adminUrl, welcomed, welcomedAdmin] = line.exec(stdout) ?? [];
      const found = { url: url ?? welcomed, adminUrl: adminUrl ?? welcomedAdmin };
      if (!found.url || !found.adminUrl) throw new Error(`it did not start: ${stdout}${stderr}`);
      return { url: found.url, adminUrl: found.adminUrl };
    },
    async exited(deadline = 15_000) {
      await until(() => child.exitCode !== null || child.signalCode !== null, 'the process ends', deadline);
      return code;
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await code;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
