import { startGateway, type Gateway } from '../../../src/c2s/gateway/index.ts';
import { startSandbox, type Sandbox } from '../../../src/c2s/sandbox/index.ts';
import { FACADE_TOKEN, setAll, startFacade, type TestFacade, type TestFacadeOptions } from './facade.ts';
import { until } from './upstream.ts';
import type { TestPostgres } from './postgres.ts';

/** A facade that enriches, on the sandbox and a database of its own; pauses are short, rules are those of production. */

export const WEBHOOK_SECRET = 'test-webhook-secret-of-contact2sale';

export interface EnrichingOptions {
  readonly databaseUrl: string;
  readonly env?: Record<string, string>;
  /** The percentage of all routes that the gateway serves. */
  readonly gateway?: { readonly url: string; readonly share: number };
  /** Keys of the `enrichment` block that differ. */
  readonly enrichment?: Record<string, unknown>;
  readonly edit?: TestFacadeOptions['edit'];
  readonly reached?: TestFacadeOptions['reached'];
}

export const QUICK = {
  retry: { quick: ['20ms', '20ms'], slow: '1h', giveUp: '1h' },
  workApi: { pace: '0ms', deadline: '20s' },
  diretrix: { deadline: '20s' },
  // A quarter of it is what the commit of an intent may take, on a machine that is shared with other tests.
  settle: '1200ms',
  window: '1ms',
  hold: '1ms',
  repeatAfter: '0ms',
  syncDeadline: '10s',
};

export async function startEnriching(sandbox: Sandbox, options: EnrichingOptions): Promise<TestFacade> {
  const { databaseUrl, gateway, enrichment, edit, env, reached } = options;
  const facade = await startFacade({
    direct: sandbox.c2s.url,
    ...(gateway && { gateway: gateway.url }),
    edit(config) {
      if (gateway) setAll(config, gateway.share);
      config.setIn(['enrichment'], config.createNode({ ...QUICK, ...enrichment }));
      edit?.(config);
    },
    env: enrichingEnv(sandbox, databaseUrl, env),
    ...(reached && { reached }),
  });
  await ready(facade);
  return facade;
}

export function enrichingEnv(sandbox: Sandbox, databaseUrl: string, more: Record<string, string> = {}) {
  return {
    C2S_TOKEN: sandbox.c2s.token,
    DATABASE_URL: databaseUrl,
    WORK_API_URL: sandbox.workApi.url,
    WORK_API_KEY: sandbox.workApi.key,
    DIRETRIX_BASE_URL: sandbox.diretrix.url,
    DIRETRIX_USER: sandbox.diretrix.user,
    DIRETRIX_PASS: sandbox.diretrix.pass,
    WEBHOOK_SECRET,
    ...more,
  };
}

const ready = (facade: TestFacade): Promise<void> =>
  until(() => facade.logs.some((line) => line.includes('enrichment: ready')), 'the enrichment is ready', 15_000);

export const auth = { authorization: `Bearer ${FACADE_TOKEN}` };

export async function enrich(facade: Pick<TestFacade, 'url'>, leadId: string, headers: Record<string, string> = auth) {
  const res = await fetch(`${facade.url}/api/v1/c2s/enrich/${leadId}`, { method: 'POST', headers });
  return { status: res.status, headers: res.headers, body: (await res.json()) as Record<string, unknown> };
}

/** Texts of a lead's messages, as the CRM has them. */
export function messagesOf(sandbox: Sandbox, leadId: string): string[] {
  return sandbox.c2s.standIn.crm.leads.get(leadId)?.attributes.messages.map(({ body }) => body) ?? [];
}

/** A sandbox, a gateway in front of it, a database for each facade. */
export interface Scene {
  readonly sandbox: Sandbox;
  readonly gateway: Gateway;
  close(): Promise<void>;
}

export async function startScene(): Promise<Scene> {
  const sandbox = await startSandbox();
  const gateway = await startGateway({ c2sBaseUrl: sandbox.c2s.url, c2sToken: sandbox.c2s.token, port: 0 });
  return {
    sandbox,
    gateway,
    async close() {
      await gateway.close();
      await sandbox.close();
    },
  };
}

export type { TestPostgres };

/** Makes so many further leads in the CRM, each with a phone and an e-mail of one known person. @returns their ids. */
export function addLeads(sandbox: Sandbox, count: number): string[] {
  const { leads } = sandbox.c2s.standIn.crm;
  const known = [...leads.values()].slice(5, 25);
  return Array.from({ length: count }, (_, n) => {
    const template = known[n % known.length];
    if (!template) throw new Error('the sandbox has no leads');
    const id = n.toString(16).padStart(32, '0');
    const attributes = { ...structuredClone(template.attributes), messages: [] };
    leads.set(id, { ...template, id, attributes });
    return id;
  });
}

export function pushEvents(url: string, events: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/v1/webhooks/c2s`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-webhook-token': WEBHOOK_SECRET, ...headers },
    body: typeof events === 'string' ? events : JSON.stringify(events),
  });
}

export const eventOf = (id: string, updatedAt = '2026-01-01T00:00:00Z') => ({
  id,
  hook_action: 'on_create_lead',
  attributes: { updated_at: updatedAt },
});
