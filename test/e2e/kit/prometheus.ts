import { execFile, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import { startRawUpstream, until } from './upstream.ts';

/** A real Prometheus with the shipped configuration, which scrapes a facade of the test every second. */

/** Debian's package brings both programs; other systems may have neither. */
export const hasPrometheus =
  spawnSync('prometheus', ['--version']).status === 0 && spawnSync('promtool', ['--version']).status === 0;

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Prometheus {
  readonly url: string;
  /**
   * Series of an instant query; an error of Prometheus is thrown as it says it.
   * @param at seconds since 1970; left out: now.
   */
  query(expr: string, at?: number): Promise<readonly Sample[]>;
  api<T>(path: string): Promise<T>;
  close(): Promise<void>;
}

export interface PrometheusOptions {
  /** A directory with blocks; left out: one of its own, without any. */
  readonly data?: string;
  /** False: no rule is evaluated. */
  readonly rules?: boolean;
}

/** @param targets host:port of admin listeners. */
export async function startPrometheus(
  targets: readonly string[],
  options: PrometheusOptions = {},
): Promise<Prometheus> {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-prometheus-'));
  cpSync('grafana/prometheus', dir, { recursive: true });
  writeFileSync(join(dir, 'prometheus.yml'), hurried(targets, options));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${options.data ?? join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((done) => child.once('close', done));
  const api = async <T>(path: string): Promise<T> => {
    const res = await fetch(`${url}/api/v1/${path}`);
    const answer = (await res.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus says: ${answer.error}`);
    return answer.data;
  };
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      (res) => res.ok,
      () => false,
    );
  await until(async () => child.exitCode !== null || (await isReady()), 'Prometheus is ready', 15_000);
  if (child.exitCode !== null) throw new Error(`Prometheus did not start: ${said}`);
  return {
    url,
    api,
    async query(expr, at) {
      const asked = { query: expr, ...(at !== undefined && { time: String(at) }) };
      return (await api<{ result: readonly Sample[] }>(`query?${new URLSearchParams(asked).toString()}`)).result;
    },
    close: async () => {
      child.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The shipped configuration, but every second, with other targets, and nobody to alert. */
function hurried(targets: readonly string[], { rules = true }: PrometheusOptions): string {
  const config = parseDocument(readFileSync('grafana/prometheus/prometheus.yml', 'utf8'));
  config.setIn(['global', 'scrape_interval'], '1s');
  config.setIn(['global', 'evaluation_interval'], '1s');
  config.setIn(['scrape_configs', 0, 'static_configs', 0, 'targets'], targets);
  config.delete('alerting');
  if (!rules) config.delete('rule_files');
  return config.toString();
}

async function freePort(): Promise<number> {
  const held = await startRawUpstream((socket) => socket.destroy());
  await held.close();
  return held.port;
}

/** Runs promtool; what it says comes with the failure. */
export async function promtool(...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)('promtool', args);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}
