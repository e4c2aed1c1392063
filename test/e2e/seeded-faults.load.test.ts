import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ParityReport } from '../../src/facade/compare/report.ts';
import { startGateway } from '../../src/c2s/gateway/index.ts';
import { SEED_LEAD_IDS, startContact2Sale, type SandboxContact2Sale } from '../../src/c2s/sandbox/index.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { LIES, type Lie } from './kit/lies.ts';
import { startLyingGateway, type LyingGateway } from './kit/lying-gateway.ts';
import { inBatches, Opened } from './kit/load.ts';
import { until } from './kit/upstream.ts';

/**
 * The seeded faults of the specification, over sockets: the app as it is, the gateway as it is, a liar between the two,
 * and behind both paths a CRM that writes the time into every answer. Each fault has two hundred shadows to be found in.
 * What the report says of each is the table of docs/parity.md.
 */

const SHADOWS = 200;
/** Between two batches nothing is under way: what is edited then is no noise. */
const BATCH = 50;
const WRITES = 20;
/** No more at once than may wait for a shadow, so that none is dropped. */
const WIDTH = 4;
const LIST = '/integration/leads?page=1&perpage=4&sort=created_at';

const opened = new Opened();
let crm: SandboxContact2Sale;
let liar: LyingGateway;
let facade: TestFacade;

beforeAll(async () => {
  crm = opened.keep(await startContact2Sale({ token: C2S_TOKEN }));
  const noisy = opened.keep(await startLyingGateway({ target: crm.url, lies: ['timestamp_noise'] }));
  const gateway = opened.keep(await startGateway({ c2sBaseUrl: noisy.url, c2sToken: C2S_TOKEN, port: 0 }));
  liar = opened.keep(await startLyingGateway({ target: gateway.url }));
  facade = opened.keep(
    await startFacade({
      direct: noisy.url,
      gateway: liar.url,
      edit: (config) => {
        setRoute(config, 'leads.list', ['rollout', 'shadow'], 100);
        setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.messages.create', ['verify', 'sample'], 100);
        setRoute(config, 'leads.messages.create', ['verify', 'after'], '5ms');
        // What two hundred shadows can prove.
        config.setIn(['compare', 'minSamples'], 100);
        config.setIn(['compare', 'ready'], { parity: 0.96, latencyP95Ratio: 100 });
      },
    }),
  );
});
afterAll(opened.closeAll);

const admin = (path: string, method = 'GET') =>
  fetch(`${facade.adminUrl}/api/parity/${path}`, { method, headers: { 'x-c2s-admin': 'test' } });
const reportOf = async (route: string) => (await (await admin(route)).json()) as ParityReport;

async function ask(path: string, init: RequestInit = {}): Promise<void> {
  const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
  const response = await fetch(facade.url + path, { ...init, headers });
  await response.arrayBuffer();
  // Whatever the gateway says of a copy, and whatever it says of a write: to the caller all is well.
  expect(response.ok).toBe(true);
}

/** Somebody edits a lead in the CRM itself. */
async function editLead(n: number): Promise<void> {
  const headers = { authorization: `Bearer ${C2S_TOKEN}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ description: `Visita ${n}` });
  await fetch(`${crm.url}/integration/leads/${SEED_LEAD_IDS[0]}`, { method: 'PATCH', headers, body });
}

async function afterShadows(lie: Lie): Promise<ParityReport> {
  liar.lies.clear();
  liar.lies.add(lie);
  await admin('leads.list', 'DELETE');
  let report = await reportOf('leads.list');
  for (let asked = 0; asked < SHADOWS; asked += BATCH) {
    if (lie === 'stale_data' && asked > 0) await editLead(asked);
    await inBatches(BATCH, WIDTH, () => ask(LIST));
    const isOver = async () => (report = await reportOf('leads.list')).window.shadows >= asked + BATCH;
    await until(isOver, 'all shadows ended');
  }
  return report;
}

async function afterWrites(): Promise<ParityReport> {
  liar.lies.clear();
  liar.lies.add('message_body_lost');
  await inBatches(WRITES, WIDTH, (i) =>
    ask(`/integration/leads/${SEED_LEAD_IDS[i]}/create_message`, {
      method: 'POST',
      body: JSON.stringify({ body: `Mensagem ${i}` }),
    }),
  );
  let report = await reportOf('leads.messages.create');
  const isRead = ({ readBacks }: ParityReport) => readBacks && readBacks.arrived + readBacks.notArrived === WRITES;
  await until(
    async () => Boolean(isRead((report = await reportOf('leads.messages.create')))),
    'all writes were read back',
  );
  return report;
}

/** The groups of differences, without their counts. */
const named = ({ groups }: ParityReport, ...standings: string[]) =>
  groups
    .filter(({ standing }) => standings.includes(standing))
    .map(({ text }) => text.replace(/, [\d,]+ of [\d,]+$/, ''))
    .toSorted();

/** The cells of its row in docs/parity.md. */
function rowOf(lie: Lie, report: ParityReport): string[] {
  const lost = Object.keys(report.readBacks?.missing ?? {}).map((field) => `read-back: ${field} did not arrive`);
  const faults = [...named(report, 'fault', 'suspect'), ...lost].map((text) => `\`${text}\``);
  return [lie.replaceAll('_', ' '), report.verdict.kind, faults.join('; ') || 'none'];
}

const TABLE = readFileSync('docs/parity.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test.each(LIES)(
  '%s is told as docs/parity.md says',
  async (lie) => {
    const report = lie === 'message_body_lost' ? await afterWrites() : await afterShadows(lie);
    const row = rowOf(lie, report);
    expect(
      TABLE.find(([name]) => name === row[0]),
      report.verdict.text,
    ).toEqual(row);
    expect(report.verdict.kind).toBe(lie === 'timestamp_noise' ? 'ready' : 'not ready');
    if (lie === 'message_body_lost') return;
    // No fault is taken for noise, and no noise for a fault.
    expect(report.window.shadows).toBe(SHADOWS);
    expect(report.counts.error).toBe(0);
    expect(named(report, 'noise').every((text) => text.startsWith('/meta/generated_at: value'))).toBe(true);
    expect(named(report, 'noise')).not.toEqual([]);
  },
  20_000,
);
