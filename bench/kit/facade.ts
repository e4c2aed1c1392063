import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, type Document } from 'yaml';
import { CALLER_TOKEN, LEAD_IDS, leadPath } from './exchange.ts';
import { freePort, start, untilAnswering, type RunningProcess } from './processes.ts';
import type { Running, Subject } from './subjects.ts';

/** The facade as a subject: the real entry point with the real table, half of the leads on the gateway path. */

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const TABLE = fileURLToPath(new URL('../../config/facade.yaml', import.meta.url));

export interface FacadeVariant {
  readonly logLevel?: string;
  /** Routes in the table; generated ones are added to those of config/facade.yaml. */
  readonly routes?: number;
  /** Whole request, as a duration of the config file. */
  readonly total?: string;
  /** Left out: the same as direct. */
  readonly gatewayUrl?: string;
  /** Percentage of the reads that the gateway path serves. */
  readonly gateway?: number;
  /** No route claims the reads that are measured. */
  readonly isUnclaimed?: boolean;
  /** Percentage of the reads that are copied to the other path and compared. */
  readonly shadow?: number;
  /** `maxInflight` of both upstreams. */
  readonly places?: number;
  /** `server.overload` of the config file. */
  readonly overload?: Readonly<Record<string, number | string>>;
  /** Processes that serve. */
  readonly workers?: number;
  /** `defaults.deadlines` of the config file. */
  readonly deadlines?: Readonly<Record<string, string>>;
  /** For node itself. */
  readonly nodeArgs?: readonly string[];
}

interface RawRoute {
  id: string;
  direct?: string;
  gateway?: string;
  rollout: { gateway: number };
}

/** Half of the generated routes are siblings below a lead, where the trie is deepest; the others branch off at the top. */
function generatedRoute(i: number): RawRoute {
  const template = i % 2 ? `/leads/:leadId/bench${i}` : `/bench${i}/:benchId`;
  return {
    id: `bench.r${i}`,
    direct: `GET /integration${template}`,
    gateway: `GET ${template}`,
    rollout: { gateway: 50 },
  };
}

/**
 * The table of config/facade.yaml with leads.get split, as YAML. A rate budget, where the table has one, stays in
 * force but is made too large to be met: its bookkeeping belongs to the cost, its waiting does not.
 */
export function benchTable(yaml: string, variant: FacadeVariant): string {
  const table: Document = parseDocument(yaml);
  const routes = (table.toJS() as { routes: RawRoute[] }).routes;
  const lead = routes.findIndex((route) => route.id === 'leads.get');
  if (lead === -1) throw new Error('config/facade.yaml has no route leads.get');
  table.setIn(['routes', lead, 'rollout', 'gateway'], variant.gateway ?? 50);
  table.setIn(['routes', lead, 'rollout', 'shadow'], variant.shadow ?? 0);
  if (variant.isUnclaimed) {
    // The row stays, since others name it; it claims something that nobody asks for.
    table.setIn(['routes', lead, 'direct'], 'GET /integration/unasked/:leadId');
    table.setIn(['routes', lead, 'gateway'], 'GET /unasked/:leadId');
  }
  for (const side of ['direct', 'gateway']) {
    const budget = ['upstreams', side, 'rateBudget'];
    if (table.hasIn(budget)) table.setIn([...budget, 'requests'], 10_000_000);
    if (variant.places) table.setIn(['upstreams', side, 'maxInflight'], variant.places);
  }
  if (variant.overload) table.setIn(['server', 'overload'], table.createNode(variant.overload));
  for (const [name, value] of Object.entries(variant.deadlines ?? {})) {
    table.setIn(['defaults', 'deadlines', name], value);
  }
  if (variant.total) table.setIn(['defaults', 'deadlines', 'total'], variant.total);
  for (let i = routes.length; i < (variant.routes ?? 0); i++) {
    table.addIn(['routes'], table.createNode(generatedRoute(i)));
  }
  return table.toString();
}

function servedBy(port: number, id: string): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${CALLER_TOKEN}` };
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: leadPath(id), headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.headers['x-facade-path']?.toString());
    }).on('error', reject);
  });
}

/** A caller that is not known, or a table that was not read, would make the facade look cheap: both paths must be in use. */
async function assertSplit(port: number, { isUnclaimed = false }: FacadeVariant): Promise<void> {
  const paths = await Promise.all(LEAD_IDS.map((id) => servedBy(port, id)));
  if (isUnclaimed) {
    if (paths.every((path) => path === 'passthrough')) return;
    throw new Error(
      `of ${paths.length} leads that no route claims these paths served: ${[...new Set(paths)].join(', ')}`,
    );
  }
  const gateway = paths.filter((path) => path === 'gateway').length;
  const direct = paths.filter((path) => path === 'direct').length;
  if (gateway + direct !== paths.length || Math.min(gateway, direct) < paths.length / 5) {
    throw new Error(
      `of ${paths.length} leads ${direct} took direct and ${gateway} took gateway; about half each expected`,
    );
  }
}

export interface RunningFacade extends Running, RunningProcess {
  readonly stop: () => Promise<void>;
  readonly adminPort: number;
  /** Its config file. */
  readonly config: string;
}

/** Starts the facade before this upstream, as direct and as gateway. Resolves when GET /health answers. */
export async function startFacade(upstreamUrl: string, variant: FacadeVariant): Promise<RunningFacade> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const directory = mkdtempSync(join(tmpdir(), 'bench-facade-'));
  const config = join(directory, 'facade.yaml');
  writeFileSync(config, benchTable(readFileSync(TABLE, 'utf8'), variant));
  const facade = start({
    command: process.execPath,
    args: [...(variant.nodeArgs ?? []), MAIN],
    on: 'subject',
    env: {
      C2S_BASE_URL: upstreamUrl,
      C2S_GATEWAY_URL: variant.gatewayUrl ?? upstreamUrl,
      C2S_TOKEN: 'bench-contact2sale-token-0123456789',
      FACADE_TOKENS: CALLER_TOKEN,
      FACADE_CONFIG: config,
      DATABASE_URL: 'none',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LOG_LEVEL: variant.logLevel ?? 'silent',
      WORKERS: String(variant.workers ?? 1),
    },
  });
  await untilAnswering(facade, port, '/health');
  return { ...facade, port, adminPort, config, pids: [facade.pid] };
}

export const facadeMissing = () =>
  existsSync(MAIN) && existsSync(TABLE) ? undefined : 'not available: src/main.ts or config/facade.yaml is missing';

export function facadeSubject(name: string, title: string, variant: FacadeVariant): Subject {
  return {
    name,
    kind: 'facade',
    title,
    missing: facadeMissing,
    start: async (upstreamUrl) => {
      const facade = await startFacade(upstreamUrl, variant);
      try {
        await assertSplit(facade.port, variant);
      } catch (error) {
        await facade.stop();
        throw error;
      }
      return facade;
    },
  };
}
