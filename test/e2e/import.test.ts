import pc from 'picocolors';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importCommand } from '../../src/c2s/commands/import.ts';
import type { ImportReport } from '../../src/c2s/import/import.ts';
import { PRODUCT } from '../../src/c2s/product.ts';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import type { Context } from '../../src/facade/cli/context.ts';
import { addLeads, eventOf, messagesOf, pushEvents, startEnriching, WEBHOOK_SECRET } from './kit/enrichment.ts';
import { until } from './kit/upstream.ts';
import { useScene } from './kit/use-scene.ts';

/** What the enrichment service before this one did is taken over, and is not done again. */

const scene = useScene();
const CPF = inventedCpf(7_001);
const NOW = '2026-01-01T00:00:00Z';
let oldUrl: string;
let old: pg.Client;

beforeEach(async () => {
  oldUrl = await scene.postgres.createDatabase();
  old = new pg.Client(oldUrl);
  await old.connect();
});
afterEach(() => old.end());

/** As its migrations left them: 002, 003 and 007. */
const EVENTS = `create table webhook_events (id uuid primary key default gen_random_uuid(), lead_id text,
  updated_at timestamptz, hook_action text, payload_raw jsonb, received_at timestamptz default now(),
  processed_at timestamptz, status text default 'received', error_message text)`;
const GOOGLE = `create table google_ads_leads (id uuid primary key default gen_random_uuid(), google_lead_id text,
  form_id bigint, campaign_id bigint, c2s_lead_id text, c2s_created_at timestamptz, enrichment_status text, cpf text,
  payload_raw jsonb, created_at timestamptz default now())`;
const PARTIES = `create schema core; create table core.parties (id uuid primary key default gen_random_uuid(), cpf_cnpj text);
  create table core.people (party_id uuid primary key, document_cpf text);
  create table core.party_enrichments (enrichment_id uuid primary key default gen_random_uuid(), party_id uuid,
    provider text, raw_payload jsonb, enriched_at timestamptz)`;

async function event(leadId: string | null, change: Record<string, unknown> = {}): Promise<void> {
  const row = {
    lead_id: leadId,
    updated_at: NOW,
    payload_raw: { id: leadId, attributes: { updated_at: NOW } },
    status: 'completed',
    processed_at: new Date(),
    received_at: new Date(),
    ...change,
  };
  const names = Object.keys(row);
  const text = `insert into webhook_events (${names.join()}) values (${names.map((_, i) => `$${i + 1}`).join()})`;
  await old.query(text, Object.values(row));
}

const googleLead = (id: string | null, leadId: string | null, status = 'completed', cpf: string | null = null) =>
  old.query(
    `insert into google_ads_leads (google_lead_id, c2s_lead_id, enrichment_status, cpf, c2s_created_at)
     values ($1, $2, $3, $4, now())`,
    [id, leadId, status, cpf],
  );

async function enriched(leadId: string | null, cpf: string, at = 'now()', more: object = {}): Promise<void> {
  await old.query(
    `with party as (insert into core.parties (cpf_cnpj) values ($1) returning id)
     insert into core.party_enrichments (party_id, raw_payload, enriched_at) select id, $2, ${at} from party`,
    [cpf, { DadosBasicos: { nome: 'Ana Souza' }, ...more, ...(leadId !== null && { lead_id: leadId }) }],
  );
}

async function run(options: object = {}, variables: Record<string, string> = {}) {
  const printed: string[] = [];
  const io = {
    out: (text: string) => void printed.push(text),
    err: () => undefined,
    canAsk: false,
    ask: async () => oldUrl,
  };
  const own = { DATABASE_URL: scene.databaseUrl, ...variables };
  const product = () => Promise.resolve(PRODUCT);
  const context = { io, style: pc.createColors(false), json: true, variables: own, product } as unknown as Context;
  await importCommand(context, { from: '-', ...options }, []);
  const text = printed.join('');
  return { text, report: JSON.parse(text) as ImportReport };
}

/** Every row of ours that an import may touch. */
async function ours(): Promise<string> {
  const client = new pg.Client(scene.databaseUrl);
  await client.connect();
  const tables = ['seen_events', 'enrichments', 'enrichment_people', 'cpf_windows', 'audit'];
  const found = [];
  for (const name of tables)
    found.push((await client.query<object>(`select to_jsonb(t) as row from facade.${name} t order by 1`)).rows);
  await client.end();
  return JSON.stringify(found);
}

const addedOf = ({ taken }: ImportReport) =>
  Object.fromEntries(Object.entries(taken).map(([name, { added }]) => [name, added]));

describe('import', () => {
  it('makes the same push, a newer one, and the same delivery of Google duplicates that send nothing', async () => {
    for (const table of [EVENTS, GOOGLE, PARTIES]) await old.query(table);
    const [pushed = '', byHttp = '', ofGoogle = '', untouched = ''] = addLeads(scene.sandbox, 4);
    await event(pushed);
    await enriched(byHttp, CPF);
    await googleLead('google-lead-1', ofGoogle);
    await run({ apply: true });
    const facade = await startEnriching(scene.sandbox, {
      databaseUrl: scene.databaseUrl,
      enrichment: { repeatAfter: '24h' },
    });
    scene.started.push(facade);
    const before = scene.sandbox.c2s.standIn.crm.leads.size;
    const newer = '2026-01-02T00:00:00Z';
    const events = [
      eventOf(pushed),
      eventOf(pushed, newer),
      eventOf(byHttp, newer),
      eventOf(ofGoogle),
      eventOf(untouched),
    ];
    const push = await pushEvents(facade.url, events);
    expect(await push.json()).toMatchObject({ received: 5, processed: 1, duplicates: 4 });
    const delivery = await fetch(`${facade.url}/api/v1/webhooks/google-ads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ lead_id: 'google-lead-1', google_key: WEBHOOK_SECRET, user_column_data: [] }),
    });
    expect(delivery.ok).toBe(true);
    await until(() => messagesOf(scene.sandbox, untouched).length === 1, 'the one that is new has its message', 30_000);
    for (const leadId of [pushed, byHttp, ofGoogle]) expect(messagesOf(scene.sandbox, leadId)).toEqual([]);
    expect(scene.sandbox.c2s.standIn.crm.leads.size).toBe(before);
  }, 90_000);

  it('says what it would do and changes nothing; done twice it is done once', async () => {
    for (const table of [EVENTS, GOOGLE, PARTIES]) await old.query(table);
    await event('lead-1');
    await event('lead-ahead', { processed_at: '2999-01-01', received_at: '2999-01-01' });
    await googleLead('g-1', 'lead-2', 'completed', CPF);
    await enriched('lead-3', inventedCpf(7_002));
    const empty = await ours();
    const dry = await run();
    expect(dry.report).toMatchObject({ applied: false });
    expect(await ours()).toBe(empty);
    const done = await run({ apply: true });
    expect(addedOf(done.report)).toEqual(addedOf(dry.report));
    expect(addedOf(done.report)).toEqual({
      'c2s events': 2,
      'google leads': 1,
      'enriched leads': 4,
      'recent answers': 1,
    });
    const first = await ours();
    expect(first).toContain('"action":"import"');
    const again = await run({ apply: true });
    expect(Object.values(addedOf(again.report))).toEqual([0, 0, 0, 0]);
    expect(await ours()).toBe(first);
    // Nobody's data stand in what is shown.
    for (const { text } of [dry, done, again]) expect(text).not.toMatch(new RegExp(`${CPF}|lead-1|g-1|Ana|${oldUrl}`));
  });

  it('takes of odd rows what can be taken, and says what not and why', async () => {
    for (const table of [EVENTS, GOOGLE, PARTIES]) await old.query(table);
    await event(null);
    await event('x'.repeat(5_000));
    await event('lead-huge', { payload_raw: { attributes: { updated_at: NOW }, filler: 'y'.repeat(3_000_000) } });
    await event('lead-twice');
    await event('lead-twice');
    await event('lead-failed', { status: 'failed', processed_at: null });
    await event('lead-under-way', { status: 'processing', processed_at: null });
    await event('lead-old', { received_at: '2020-01-01' });
    await event('lead-bare', { payload_raw: null });
    await event('lead-timeless', { payload_raw: null, updated_at: null });
    await event('lead-endless', { processed_at: 'infinity', received_at: 'infinity' });
    await googleLead(null, 'lead-x');
    await googleLead('g-pending', null, 'pending');
    await googleLead('g-partial', 'lead-partial', 'partial');
    await enriched(null, CPF);
    await enriched('lead-company', '00000000000191');
    const { report } = await run({ apply: true });
    expect(report.tables.map(({ rows, remarks }) => ({ rows, remarks }))).toEqual([
      {
        rows: 10,
        remarks: {
          'no id of a lead': 2,
          'no time of update': 1,
          'seen, but not enriched: failed': 1,
          'seen, but not enriched: processing': 1,
          'seen, but not enriched: nobody knows when': 1,
        },
      },
      {
        rows: 3,
        remarks: {
          'no id of a Google lead': 1,
          'seen, but no lead in Contact2Sale is known': 1,
          'seen, but not enriched: partial': 1,
        },
      },
      { rows: 2, remarks: { 'no lead is named': 1 } },
    ]);
    const kept = await ours();
    for (const leadId of ['lead-huge', 'lead-twice', 'lead-failed', 'lead-under-way', 'lead-bare', 'lead-endless'])
      expect(kept).toContain(`"${leadId}@${NOW}"`);
    expect(kept).not.toContain('lead-old');
    expect(addedOf(report)).toMatchObject({ 'google leads': 2, 'enriched leads': 4, 'recent answers': 1 });
  });

  it.each(['text', 'character varying', 'timestamp'])('reads times that are columns of type %s', async (type) => {
    for (const table of [EVENTS, GOOGLE, PARTIES])
      await old.query(table.replaceAll('timestamptz default now()', type).replaceAll('timestamptz', type));
    const today = new Date().toISOString();
    const times = { received_at: today, processed_at: today };
    await event('lead-of-push', times);
    await event('lead-bare', { ...times, payload_raw: null });
    await enriched('lead-enriched', CPF, `'${today}'`);
    await old.query(
      `insert into google_ads_leads values (default, 'g-1', 1, 1, 'lead-google', '${today}', 'completed', null, null, '${today}')`,
    );
    await event('lead-old', { ...times, received_at: '2020-01-01T00:00:00Z' });
    const { report } = await run({ apply: true });
    expect(report.tables.map(({ rows, remarks }) => [rows, remarks])).toEqual([
      [2, {}],
      [1, {}],
      [1, {}],
    ]);
    expect(addedOf(report)).toMatchObject({ 'google leads': 1, 'enriched leads': 4 });
    expect(await ours()).toContain(`"lead-bare@${NOW}"`);
  });

  it.each([
    '',
    ' ',
    'yesterday',
    'now',
    'infinity',
    '2026-13-01',
    '2026-02-30T10:00:00Z',
    '2026-04-31',
    '2026-01-01T24:30:00Z',
    '0000-01-01',
    '2026-01-01T10:00:00+99:00',
    '20260101',
    '1767225600',
    '2026-01-01T10:00:00 America/Sao_Paulo',
    "';--",
  ])('a text that is no time, %j, costs its own row alone', async (text) => {
    for (const table of [EVENTS, GOOGLE, PARTIES])
      await old.query(table.replaceAll('timestamptz default now()', 'text').replaceAll('timestamptz', 'text'));
    const today = new Date().toISOString();
    await event('lead-odd', { received_at: text, processed_at: text });
    await event('lead-right', { received_at: today, processed_at: today });
    await old.query('insert into google_ads_leads values (default, $1, 1, 1, $2, $3, $4, null, null, $3)', [
      'g-1',
      'lead-google',
      text,
      'completed',
    ]);
    await enriched('lead-unknown', CPF, `'${text.replaceAll("'", "''")}'`);
    const { report } = await run({ apply: true });
    expect(report.tables.map(({ rows, remarks }) => [rows, remarks])).toEqual([
      [2, { 'seen, but not enriched: nobody knows when': 1 }],
      [1, { 'seen, but not enriched: nobody knows when': 1 }],
      [1, { 'not enriched: nobody knows when': 1 }],
    ]);
    expect(addedOf(report)).toMatchObject({ 'google leads': 1, 'enriched leads': 1 });
  });

  it.each<[string, string[], boolean[]]>([
    ['nothing', [], [false, false, false]],
    ['events alone', [EVENTS], [true, false, false]],
    [
      'events without status, times and payload',
      ['create table webhook_events (lead_id text, updated_at timestamptz)'],
      [true, false, false],
    ],
    ['events without what they are known by', ['create table webhook_events (lead_id text)'], [false, false, false]],
    [
      'enrichments without parties',
      ['create schema core; create table core.party_enrichments (raw_payload jsonb, enriched_at timestamptz)'],
      [false, false, true],
    ],
  ])('reads a database that has %s', async (_, statements, readable) => {
    for (const one of statements) await old.query(one);
    const { report } = await run();
    expect(report.tables.map(({ isReadable }) => isReadable)).toEqual(readable);
  });

  it('reads from and writes to one database, whose old tables stay as they are', async () => {
    // Names that are ours, too, in the schema that everybody sees first.
    await old.query(`${EVENTS}; create table people (cpf text); create table contacts (value text);
      create table enrichments (id int); insert into people values ('${CPF}')`);
    await event('lead-1');
    const { report } = await run({ apply: true }, { DATABASE_URL: '', DB_URL: oldUrl });
    expect(addedOf(report)).toMatchObject({ 'c2s events': 1, 'enriched leads': 1 });
    const { rows } = await old.query(
      'select cpf, (select count(*)::int from webhook_events) as events from public.people',
    );
    expect(rows).toEqual([{ cpf: CPF, events: 1 }]);
  });

  it.each([
    [{ from: 'mysql://x:pass-word@h/d' }, 'postgres://'],
    [{ from: 'postgres://u:1#pass-word@h/d' }, 'the password holds "#" unencoded; write %23 for "#"'],
    [{ from: 'postgres://u:pass-word@127.0.0.1:4/d' }, 'cannot be used (ECONNREFUSED)'],
    [{ from: undefined }, 'IMPORT_FROM'],
    [{ days: 0 }, '--days'],
    [{ days: 1.5 }, '--days'],
  ])('refuses %j without a word of the password', async (options, message) => {
    const error: unknown = await run(options).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/pass-word/);
  });
});
