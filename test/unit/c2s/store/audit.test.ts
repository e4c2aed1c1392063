import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { discloseCpfs, expireAudit, listAudit, recordAudit } from '../../../../src/c2s/store/audit.ts';
import { applyRetention, forgetCpf } from '../../../../src/c2s/store/erase.ts';
import { storePerson } from '../../../../src/c2s/store/people.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { cpfOf, testStores } from '../../facade/store/kit.ts';

const stores = testStores();
const ANA = { who: 'ana', via: 'cli, admin token' };
const CALLER = { who: '0123456789ab', via: 'caller token' };
const [asked, other] = [cpfOf(1), cpfOf(2)];
let store: Store;

beforeAll(async () => {
  store = await stores.open();
});
beforeEach(async () => {
  await sql`truncate facade.audit, facade.people, facade.enrichments cascade`.execute(store.db);
});

async function enrichmentOf(cpfs: readonly string[]): Promise<string> {
  const { id } = await store.db
    .insertInto('enrichments')
    .values({ lead_id: `lead-${cpfs.length}`, state: 'done' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const rows = cpfs.map((cpf) => ({ enrichment_id: id, cpf }));
  if (rows.length > 0) await store.db.insertInto('enrichment_people').values(rows).execute();
  return id;
}

const person = (cpf: string) =>
  storePerson(store.db, { cpf, economics: {}, emails: [], phones: [], addresses: [], companies: [] });
const all = () => listAudit(store.db, { limit: 10 });

describe('the audit', () => {
  it('has who was shown CPFs, how many, and of which enrichment; never whose', async () => {
    const id = await enrichmentOf([asked, other]);
    expect(await discloseCpfs(store.db, id, CALLER)).toEqual([asked, other].toSorted());
    expect(await all()).toEqual([
      {
        id: expect.any(Number) as number,
        at: expect.any(Date) as Date,
        action: 'read',
        ...CALLER,
        subject: 'CPFs of an enrichment',
        reference: id,
        people: 2,
        rows: 2,
      },
    ]);
    expect(JSON.stringify(await all())).not.toMatch(new RegExp(`${asked}|${other}`));
  });

  it('has nothing where nothing was shown', async () => {
    expect(await discloseCpfs(store.db, await enrichmentOf([]), CALLER)).toEqual([]);
    expect(await all()).toEqual([]);
  });

  it('shows nothing that cannot be recorded', async () => {
    const id = await enrichmentOf([asked]);
    await sql`alter table facade.audit add constraint full_disk check (who <> 'nobody')`.execute(store.db);
    try {
      await expect(discloseCpfs(store.db, id, { ...CALLER, who: 'nobody' })).rejects.toThrow('full_disk');
      await person(asked);
      await expect(forgetCpf(store.db, asked, { ...ANA, who: 'nobody' })).rejects.toThrow('full_disk');
      expect(await store.db.selectFrom('people').select('cpf').execute()).toEqual([{ cpf: asked }]);
    } finally {
      await sql`alter table facade.audit drop constraint full_disk`.execute(store.db);
    }
  });

  it('has each erasure, also of nobody, and outlives all that was erased', async () => {
    await person(asked);
    await forgetCpf(store.db, asked, ANA);
    await forgetCpf(store.db, asked, ANA);
    await applyRetention(store.db, 1, new Date(Date.now() + 10 * 86_400_000));
    expect(await all()).toMatchObject([
      { action: 'erase', ...ANA, people: 0, rows: 0 },
      { action: 'erase', ...ANA, people: 1, rows: 1 },
    ]);
  });

  it('has what retention deleted, and says nothing of a round without work', async () => {
    await person(asked);
    await applyRetention(store.db, 180, new Date());
    expect(await all()).toEqual([]);
    await applyRetention(store.db, 180, new Date(Date.now() + 181 * 86_400_000));
    expect(await all()).toMatchObject([{ action: 'expire', who: 'retention', people: 1, rows: 1 }]);
  });

  it('is listed newest first, by action, by who and page by page', async () => {
    const entry = { subject: 'x', people: 1, rows: 1 };
    for (const who of ['a', 'b', 'a']) await recordAudit(store.db, { ...entry, action: 'read', who, via: 'v' });
    await recordAudit(store.db, { ...entry, action: 'erase', who: 'b', via: 'v' });
    const whoOf = async (query: object) =>
      (await listAudit(store.db, { limit: 10, ...query })).map(({ action, who }) => `${action} ${who}`);
    expect(await whoOf({})).toEqual(['erase b', 'read a', 'read b', 'read a']);
    expect(await whoOf({ action: 'read', limit: 2 })).toEqual(['read a', 'read b']);
    expect(await whoOf({ who: 'b' })).toEqual(['erase b', 'read b']);
    const [, second] = await all();
    expect(await whoOf({ before: second?.id })).toEqual(['read b', 'read a']);
  });

  it.each([
    ['\0 ana \ud800', 'ana \ufffd'],
    ['', 'unknown'],
    ['n'.repeat(500), 'n'.repeat(100)],
  ])('takes the odd name %j', async (who, shown) => {
    await recordAudit(store.db, { action: 'read', who, via: 'v', subject: 'x', people: 0, rows: 0 });
    expect(await all()).toMatchObject([{ who: shown }]);
  });

  it('goes when its own time is over', async () => {
    await recordAudit(store.db, { action: 'erase', ...ANA, subject: 'x', people: 1, rows: 1 });
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
    expect(await expireAudit(store.db, 1_825, inDays(1_824))).toBe(0);
    expect(await expireAudit(store.db, 1_825, inDays(1_826))).toBe(1);
    await expect(expireAudit(store.db, 0, new Date())).rejects.toThrow(RangeError);
  });
});

it('no other source takes personal data out of their tables', () => {
  const root = new URL('../../../../src/', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.startsWith('c2s/') && name.endsWith('.ts'),
  );
  const reads =
    /selectFrom\(['"](?:people|contacts|addresses|companies|raw_answers|enrichment_people|cpf_windows)|(?:from|join)\s+(?:facade\.|\$\{table\(['"])(?:people|contacts|addresses|companies|raw_answers|enrichment_people|cpf_windows)/;
  const found = files.filter((name) => reads.test(readFileSync(new URL(name, root), 'utf8')));
  // For somebody: audit.ts, and stored-person.ts by way of look-ups.ts, which records it. The repository reads ids alone.
  // To be erased, sealed anew, and asked about once: the others, which hand nothing to a caller. orders.ts reads how many of
  // the CPFs that it was given were enriched, and tells yes or no.
  expect(found.toSorted()).toEqual([
    'c2s/enrichment/orders.ts',
    'c2s/enrichment/repository.ts',
    'c2s/store/audit.ts',
    'c2s/store/erase.ts',
    'c2s/store/raw-answers.ts',
    'c2s/store/stored-person.ts',
    'c2s/store/windows.ts',
  ]);
});
