import { describe, expect, test } from 'vitest';
import type { CrmLead } from '../../../../src/c2s/sandbox/crm.ts';
import { SEED_LEAD_IDS, SEED_SELLER_IDS } from '../../../../src/c2s/sandbox/index.ts';
import { LEAD, ask, contact2sale } from './harness.ts';

const read = async (url: string, id: string): Promise<CrmLead> =>
  (await ask(url, 'GET', `/integration/leads/${id}`)).json.data as CrmLead;

const list = async (url: string, query: string) => {
  const { json } = await ask(url, 'GET', `/integration/leads?${query}`);
  return { ids: (json.data as CrmLead[]).map(({ id }) => id), meta: json.meta };
};

describe('the seeded leads', () => {
  test('are 25 with ids of 32 hex characters, the first of which is fixed', async () => {
    const { url } = await contact2sale();
    const { ids, meta } = await list(url, '');
    expect(meta).toEqual({ total: 25, page: 1, perpage: 50 });
    expect(new Set(ids)).toEqual(new Set(SEED_LEAD_IDS));
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(LEAD).toBe('bf1a88eaa4ab34b01a257536563fb42b');
  });

  test('are the same in every run', async () => {
    const [one, other] = [await contact2sale(), await contact2sale()];
    expect(await read(one.url, LEAD)).toEqual(await read(other.url, LEAD));
  });

  test('have the shape of the wire contract', async () => {
    const { url } = await contact2sale();
    const lead = await read(url, LEAD);
    expect(Object.keys(lead)).toEqual(['id', 'type', 'internal_id', 'attributes']);
    expect(lead.attributes).toMatchObject({
      description: expect.any(String) as string,
      customer: { id: 7001, name: 'Ana Souza', email: 'ana.souza0@example.com', phone: '11900000000' },
      seller: { id: 102, name: 'Otávio Dias', email: 'vendas2@example.com' },
      lead_source: { id: expect.any(Number) as number, name: expect.any(String) as string },
      channel: { name: 'Internet' },
      lead_status: { id: 2, alias: 'em_negociacao', name: 'Em negociação' },
      done_details: { done: false },
      archive_details: { archived: false },
      messages: [],
      log: [],
    });
  });
});

describe('the lead list', () => {
  test.each([
    ['perpage=500', 25, { total: 25, page: 1, perpage: 50 }],
    ['perpage=10&page=3', 5, { total: 25, page: 3, perpage: 10 }],
    ['perpage=10&page=4', 0, { total: 25, page: 4, perpage: 10 }],
    ['perpage=0&page=x', 25, { total: 25, page: 1, perpage: 50 }],
    ['perpage=2&perpage=3', 3, { total: 25, page: 1, perpage: 3 }],
  ])('answers ?%s with a page of %i', async (query, length, meta) => {
    const { url } = await contact2sale();
    const page = await list(url, query);
    expect([page.ids.length, page.meta]).toEqual([length, meta]);
  });

  test('cuts a page at 50 even when there are more leads', async () => {
    const { url } = await contact2sale();
    for (let n = 0; n < 30; n += 1) await ask(url, 'POST', '/integration/leads', { customer: `Pessoa ${n}` });
    expect((await list(url, 'perpage=100')).ids).toHaveLength(50);
    expect((await list(url, 'perpage=100&page=2')).ids).toHaveLength(5);
  });

  test('is sorted newest first, or as asked', async () => {
    const { url } = await contact2sale();
    const newestFirst = [...SEED_LEAD_IDS].reverse();
    expect((await list(url, '')).ids).toEqual(newestFirst);
    expect((await list(url, 'sort=-created_at')).ids).toEqual(newestFirst);
    expect((await list(url, 'sort=created_at')).ids).toEqual(SEED_LEAD_IDS);
    await ask(url, 'PATCH', `/integration/leads/${LEAD}`, { description: 'touched' });
    expect((await list(url, 'sort=-updated_at')).ids[0]).toBe(LEAD);
  });

  test.each([
    ['phone=%2B55%2011%2090000-0000', [LEAD]],
    ['email=ANA.SOUZA0%40example.com', [LEAD]],
    ['tags=1', [LEAD]],
    ['tags=3', []],
    ['created_lt=2026-01-03T00:00:00Z', [LEAD]],
    ['created_gte=2026-01-26T00:00:00Z', [SEED_LEAD_IDS[24]]],
    ['updated_lt=2026-01-03T00:00:00Z&status=novo', []],
    ['updated_gte=2026-01-25T00:00:00Z&status=novo', [SEED_LEAD_IDS[24]]],
  ])('filtered by ?%s finds what fits', async (query, ids) => {
    const { url } = await contact2sale();
    expect((await list(url, query)).ids).toEqual(ids);
  });
});

describe('what is sent to a lead can be read back', () => {
  test('a message, to the letter, and exactly as often as it was sent', async () => {
    const { url } = await contact2sale();
    const body = '  📞📧 linha um\nlinha dois ';
    const { status } = await ask(url, 'POST', `/integration/leads/${LEAD}/create_message`, { body, type: 'whatsapp' });
    expect(status).toBe(201);
    expect((await read(url, LEAD)).attributes.messages).toMatchObject([{ body, type: 'whatsapp' }]);
  });

  test('a refused message is not stored', async () => {
    const { url } = await contact2sale();
    await ask(url, 'POST', `/integration/leads/${LEAD}/create_message`, { message: 'lost' });
    await ask(url, 'POST', `/integration/leads/${LEAD}/create_message`, { body: ' ' });
    expect((await read(url, LEAD)).attributes.messages).toEqual([]);
  });

  test('a visit, an activity, an interaction and a deal, in the log', async () => {
    const { url } = await contact2sale();
    const path = `/integration/leads/${LEAD}`;
    await ask(url, 'POST', `${path}/create_visit`, { visit_date: '2026-05-01', extra: 1 });
    await ask(url, 'POST', `${path}/create_activity`, { type: 'call', description: 'ligar' });
    await ask(url, 'POST', `${path}/mark_as_interacted`);
    await ask(url, 'POST', `${path}/done_deal`, { value: 250_000.5 });
    const { log, done_details, lead_status } = (await read(url, LEAD)).attributes;
    expect(log).toMatchObject([
      { type: 'visit', visit_date: '2026-05-01', extra: 1 },
      { type: 'activity', activity_type: 'call', description: 'ligar' },
      { type: 'interaction' },
      { type: 'deal', value: 250_000.5 },
    ]);
    expect([done_details, lead_status.alias]).toEqual([{ done: true, value: 250_000.5 }, 'negocio_fechado']);
  });

  test('a tag, in the tags of the lead', async () => {
    const { url } = await contact2sale();
    await ask(url, 'POST', `/integration/leads/${LEAD}/create_tag`, { tag_id: '2' });
    const { json } = await ask(url, 'GET', `/integration/leads/${LEAD}/tags`);
    expect(json.data).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  test('the seller to whom it was forwarded', async () => {
    const { url } = await contact2sale();
    await ask(url, 'PATCH', `/integration/leads/${LEAD}/forward`, { seller_id: SEED_SELLER_IDS[3] });
    expect((await read(url, LEAD)).attributes.seller).toMatchObject({ id: 104 });
  });

  test('every field of an update, the others as they were', async () => {
    const { url } = await contact2sale();
    const before = await read(url, LEAD);
    const sent = { customer: 'Outra', phone: '4190', email: 'o@example.com', product: 'Loft', source: 'Feira' };
    await ask(url, 'PATCH', `/integration/leads/${LEAD}`, { ...sent, status: 'arquivado', description: '' });
    const { attributes } = await read(url, LEAD);
    expect(attributes).toMatchObject({
      customer: { id: 7001, name: 'Outra', phone: '4190', email: 'o@example.com' },
      product: { ...before.attributes.product, description: 'Loft' },
      lead_source: { name: 'Feira' },
      lead_status: { alias: 'arquivado' },
      description: '',
      seller: before.attributes.seller,
      created_at: before.attributes.created_at,
    });
  });
});

describe('a new lead', () => {
  const flat = {
    customer: 'Ana',
    phone: '11900000001',
    email: 'a@example.com',
    product: 'Casa',
    description: 'x',
    source: 'S',
  };
  const attributes = {
    name: 'Ana',
    phone: flat.phone,
    email: flat.email,
    product: 'Casa',
    description: 'x',
    source: 'S',
  };

  test.each([
    ['flat', { ...flat, seller_id: '101', utm: { campaign: [1] } }],
    ['JSON:API', { data: { type: 'lead', attributes: { ...attributes, seller_id: 101, utm: { campaign: [1] } } } }],
  ])('is taken in the %s form, and nothing of it is dropped', async (_form, body) => {
    const { url } = await contact2sale();
    const created = await ask(url, 'POST', '/integration/leads', body);
    const { id } = created.json.data as CrmLead;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect((await read(url, id)).attributes).toMatchObject({
      customer: { name: 'Ana', phone: flat.phone, email: flat.email },
      product: { description: 'Casa' },
      description: 'x',
      lead_source: { name: 'S' },
      seller: { id: 101 },
      lead_status: { alias: 'novo' },
      utm: { campaign: [1] },
    });
  });

  test.each([
    [{ data: { type: 'tag', attributes } }, 'type: must be "lead"'],
    [{ data: { type: 'lead' } }, 'attributes: is required'],
    [{ data: { type: 'lead', attributes: { phone: '1' } } }, 'customer: is required'],
    [{ customer: 5, phone: 6 }, 'customer: must be text; phone: must be text'],
    [{ customer: 'Ana', seller_id: 999 }, 'seller not found'],
    [[], 'body: must be a JSON object'],
    [undefined, 'body: must be a JSON object'],
  ])('%j is refused: %s', async (body, error) => {
    const { url, crm } = await contact2sale();
    const answer = await ask(url, 'POST', '/integration/leads', body);
    expect([answer.status, answer.json]).toEqual([422, { error }]);
    expect(crm.leads.size).toBe(25);
  });

  test("an unknown field keeps its last value, and cannot stand in the place of the CRM's own", async () => {
    const { url } = await contact2sale();
    const created = await ask(url, 'POST', '/integration/leads', { ...flat, messages: ['forged'], note: 1 });
    const { id } = created.json.data as CrmLead;
    await ask(url, 'PATCH', `/integration/leads/${id}`, { note: 2, log: 'forged' });
    const stored = (await read(url, id)).attributes;
    expect([stored.note, stored.messages, Array.isArray(stored.log)]).toEqual([2, [], true]);
  });
});

test('a tag that is taken away is gone, one that the lead does not have is 422', async () => {
  const { url, crm } = await contact2sale();
  crm.leadTags.set(LEAD, new Set(['1', '2', '3']));
  const remove = async (tag_id: unknown) =>
    (await ask(url, 'DELETE', `/integration/leads/${LEAD}/tags`, { tag_id })).status;
  expect([await remove('1'), await remove([2, '3']), await remove('1'), await remove([])]).toEqual([
    200, 200, 422, 422,
  ]);
  expect([...(crm.leadTags.get(LEAD) ?? [])]).toEqual([]);
});

test('the status 3 puts a lead away, any other number is noted', async () => {
  const { url, crm } = await contact2sale();
  const path = `/integration/leads/${LEAD}/status`;
  await ask(url, 'PUT', path, { status: 1 });
  expect(crm.leads.get(LEAD)?.attributes.archive_details.archived).toBe(false);
  await ask(url, 'PUT', path, { status: 3, message: 'Sem interesse', lost_reason_ids: [12] });
  expect(crm.leads.get(LEAD)?.attributes).toMatchObject({
    archive_details: { archived: true },
    lead_status: { alias: 'arquivado' },
  });
});
