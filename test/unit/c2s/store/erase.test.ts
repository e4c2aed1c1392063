import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyRetention, forgetCpf } from '../../../../src/c2s/store/erase.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { storePerson } from '../../../../src/c2s/store/people.ts';
import { keepRawAnswer } from '../../../../src/c2s/store/raw-answers.ts';
import { Sealer } from '../../../../src/facade/store/seal.ts';
import { firstSeen } from '../../../../src/c2s/store/seen-events.ts';
import { answerCpf } from '../../../../src/c2s/store/windows.ts';
import { cpfOf, testStores } from '../../facade/store/kit.ts';

const stores = testStores();
const ANA = { who: 'ana', via: 'cli, admin token' };
const sealer = new Sealer([randomBytes(32)]);
const [asked, bystander] = [cpfOf(1), cpfOf(2)];
let store: Store;
/** One about both, one about the bystander. */
let shared: string;
let apart: string;

beforeAll(async () => {
  store = await stores.open();
});

beforeEach(async () => {
  const { db } = store;
  const names = ['people', 'raw_answers', 'enrichments', 'cpf_windows', 'seen_events'];
  await sql`truncate ${sql.join(names.map((name) => sql.table(`facade.${name}`)))} cascade`.execute(db);
  for (const cpf of [asked, bystander]) {
    await storePerson(db, {
      cpf,
      name: `Nome ${cpf}`,
      economics: {},
      emails: [`${cpf}@example.com`],
      phones: ['11987654321', '11912345678'].map((number) => ({ number, isWhatsapp: false })),
      addresses: [{ street: 'A' }],
      companies: [{ cnpj: '1' }],
    });
    await keepRawAnswer(db, sealer, { cpf, source: 'work-api', text: cpf });
    await answerCpf(db, cpf, {});
  }
  shared = await enrichmentOf('lead-1', [asked, bystander]);
  apart = await enrichmentOf('lead-2', [bystander]);
});

/** One whose message tells of the one who asks. @returns its id. */
async function enrichmentOf(leadId: string, cpfs: readonly string[]): Promise<string> {
  const { db } = store;
  const findings = JSON.stringify(Object.fromEntries(cpfs.map((cpf) => [cpf, { name: `Nome ${cpf}` }])));
  const { id } = await db
    .insertInto('enrichments')
    .values({ lead_id: leadId, state: 'done', findings, message: `CPF ${asked}`, marker: `marker-${leadId}` })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('enrichment_people')
    .values(cpfs.map((cpf) => ({ enrichment_id: id, cpf })))
    .execute();
  return id;
}

const readEnrichment = (id: string) =>
  store.db.selectFrom('enrichments').selectAll().where('id', '=', id).executeTakeFirst();

/** Every row of every table, as one text. */
async function everything(): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'facade'`.execute(store.db);
  const tables = await Promise.all(
    rows.map(({ name }) => sql`select to_jsonb(t) from ${sql.table(`facade.${name}`)} t`.execute(store.db)),
  );
  return JSON.stringify(tables.map(({ rows: all }) => all));
}

describe('forgetting a CPF', () => {
  it('leaves nothing of it anywhere, and the others as they were', async () => {
    const { db } = store;
    // The other's message names the forgotten one only because the fixture is lazy.
    await db.updateTable('enrichments').set({ message: 'other' }).where('id', '=', apart).execute();
    expect(await forgetCpf(db, asked, ANA)).toEqual({
      people: 1,
      contacts: 3,
      addresses: 1,
      companies: 1,
      rawAnswers: 1,
      windows: 1,
      enrichments: 1,
    });
    const left = await everything();
    expect(left).not.toContain(asked);
    expect(left).toContain(`${bystander}@example.com`);
    const emptied = await readEnrichment(shared);
    expect(emptied).toMatchObject({ message: null, marker: 'marker-lead-1' });
    expect(Object.keys(emptied?.findings ?? {})).toEqual([bystander]);
    expect(await readEnrichment(apart)).toMatchObject({
      message: 'other',
      findings: { [bystander]: { name: `Nome ${bystander}` } },
    });
  });

  it('reaches work that has named its person and found out nothing yet', async () => {
    const { db } = store;
    const progress = JSON.stringify({ identification: { kind: 'by-phone', subject: { cpf: asked } } });
    await db.insertInto('enrichments').values({ lead_id: 'lead-4', state: 'running', progress }).execute();
    await db.updateTable('enrichments').set({ message: null }).where('id', '=', apart).execute();
    expect(await forgetCpf(db, asked, ANA)).toMatchObject({ enrichments: 2 });
    expect(await everything()).not.toContain(asked);
  });

  it('that is not known is no error', async () => {
    const counts = await forgetCpf(store.db, cpfOf(99), ANA);
    expect(Object.values(counts)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('retention', () => {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);

  it('deletes what is older, and keeps the rest', async () => {
    const { db } = store;
    await firstSeen(db, 'c2s', ['x']);
    await sql`update facade.people set updated_at = now() - interval '181 days' where cpf = ${asked}`.execute(db);
    await sql`update facade.enrichments set updated_at = now() - interval '181 days' where id = ${shared}`.execute(db);
    expect(await applyRetention(db, 180, new Date())).toMatchObject({ people: 1, rawAnswers: 0, enrichments: 1 });
    expect(await readEnrichment(shared)).toMatchObject({ message: null, findings: {}, marker: 'marker-lead-1' });
    expect(await readEnrichment(apart)).toMatchObject({ message: `CPF ${asked}` });
    expect(await applyRetention(db, 180, new Date())).toMatchObject({ people: 0, enrichments: 0 });
  });

  it('leaves nothing of anybody in the end', async () => {
    expect(await applyRetention(store.db, 180, inDays(179))).toMatchObject({ people: 0, enrichments: 0 });
    expect(await applyRetention(store.db, 180, inDays(181))).toMatchObject({
      people: 2,
      contacts: 6,
      rawAnswers: 2,
      enrichments: 2,
    });
    await store.db.deleteFrom('cpf_windows').execute();
    const left = await everything();
    for (const cpf of [asked, bystander]) expect(left).not.toContain(cpf);
  });

  it('is a day at least', async () => {
    for (const days of [0, -1, NaN])
      await expect(applyRetention(store.db, days, new Date())).rejects.toThrow(RangeError);
  });
});
