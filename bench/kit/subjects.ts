import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CALLER_TOKEN, LEAD_IDS, leadPath } from './exchange.ts';
import { facadeSubject } from './facade.ts';
import { caddyfile, haproxyConfig, nginxConfig, type NativeSettings } from './natives.ts';
import { freePort, installed, start, untilAnswering, type ProcessSpec, type RunningProcess } from './processes.ts';
import { processTree } from './proc.ts';

/** Who is measured. All are reverse proxies before the same upstream, but for `answer`, which shows what node:http itself costs. */

/** `floor`: what nothing on our stack can beat. `node`: a peer that we claim to beat. `native`: for orientation. */
export type Kind = 'facade' | 'floor' | 'node' | 'answer' | 'native';

export interface Running {
  readonly port: number;
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}

export interface Subject {
  readonly name: string;
  readonly kind: Kind;
  readonly title: string;
  /** Why it cannot be measured here, or undefined when it can. */
  readonly missing: () => string | undefined;
  /** Resolves when it answers; rejects with what it complained of. */
  readonly start: (upstreamUrl: string) => Promise<Running>;
}

/** A request that every subject must answer with 200 before it is measured. */
const PROBE = { path: leadPath(LEAD_IDS[0] as string), headers: { authorization: `Bearer ${CALLER_TOKEN}` } };

async function ready(process: RunningProcess, port: number): Promise<Running> {
  await untilAnswering(process, port, PROBE.path, PROBE.headers);
  return { port, pids: processTree(process.pid), stop: process.stop };
}

function peer(name: string, kind: Kind, title: string): Subject {
  const file = fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url));
  return {
    name,
    kind,
    title,
    missing: () => undefined,
    start: async (upstreamUrl) => {
      const port = await freePort();
      const env = { PORT: String(port), UPSTREAM_URL: upstreamUrl };
      return ready(start({ command: process.execPath, args: [file], env, on: 'subject' }), port);
    },
  };
}

type Command = (directory: string, configFile: string) => Pick<ProcessSpec, 'args' | 'env'>;

function native(name: string, config: (settings: NativeSettings) => string, command: Command): Subject {
  return {
    name,
    kind: 'native',
    title: name,
    missing: () => (installed(name) ? undefined : 'not installed'),
    start: async (upstreamUrl) => {
      const port = await freePort();
      const directory = mkdtempSync(join(tmpdir(), `bench-${name}-`));
      const file = join(directory, 'config');
      writeFileSync(file, config({ port, upstream: new URL(upstreamUrl).host, directory }));
      return ready(start({ command: name, ...command(directory, file), on: 'subject' }), port);
    },
  };
}

export const SUBJECTS: readonly Subject[] = [
  facadeSubject('facade', 'facade, everything on', {}),
  facadeSubject('facade-log', 'facade, and a log line a request', { logLevel: 'info' }),
  facadeSubject('facade-1000', 'facade, 1,000 routes', { routes: 1_000 }),
  facadeSubject('facade-shadow', 'facade, a tenth shadowed and compared', { shadow: 10 }),
  facadeSubject('facade-passthrough', 'facade, what no route claims', { isUnclaimed: true }),
  peer('floor', 'floor', 'bare undici dispatch (the floor)'),
  peer('httpxy', 'node', 'httpxy'),
  peer('fastify', 'node', '@fastify/http-proxy'),
  peer('http-proxy', 'node', 'http-proxy'),
  peer('express-hpm', 'node', 'express + http-proxy-middleware'),
  peer('answer', 'answer', 'bare node:http answer, no proxy'),
  native('nginx', nginxConfig, (directory, file) => ({ args: ['-p', directory, '-e', 'stderr', '-c', file] })),
  native('haproxy', haproxyConfig, (_directory, file) => ({ args: ['-db', '-f', file] })),
  native('caddy', caddyfile, (directory, file) => ({
    args: ['run', '--adapter', 'caddyfile', '--config', file],
    env: { XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
  })),
];
