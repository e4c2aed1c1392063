import { beforeEach, describe, expect, it } from 'vitest';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { auth, enrich, startEnriching } from './kit/enrichment.ts';
import type { TestFacade } from './kit/facade.ts';
import { until } from './kit/upstream.ts';
import { useScene } from './kit/use-scene.ts';

/** What the old service told of people without a lead, over sockets. */

const scene = useScene();
const [SAME = ''] = SEED_LEAD_IDS;
let facade: TestFacade;
beforeEach(async () => {
  const enrichment = { window: '60s', hold: '300s' };
  facade = await startEnriching(scene.sandbox, {
    databaseUrl: scene.databaseUrl,
    enrichment,
    env: { ENRICH_OPEN: 'true' },
  });
  scene.started.push(facade);
});

async function ask(path: string, init: RequestInit = {}) {
  const res = await fetch(`${facade.url}/api/v1${path}`, { headers: auth, ...init });
  return { status: res.status, body: (await res.json()) as Record<string, unknown> };
}
const post = (path: string, body: object) =>
  ask(path, { method: 'POST', headers: { ...auth, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const asked = (): number => scene.sandbox.workApi.standIn.received.length;
const customer = () => {
  const found = scene.sandbox.c2s.standIn.crm.leads.get(SAME)?.attributes.customer;
  if (!found) throw new Error('the sandbox has no such lead');
  return found;
};
/** Of whom the sandbox knows by the contacts of the first lead. */
const cpfOf = async (): Promise<string> => {
  const { body } = await ask(`/contributor/customer?phone=${encodeURIComponent(customer().phone)}`);
  return (body['personal_info'] as { cpf: string }).cpf;
};

describe('a person', () => {
  it('is found by phone, e-mail or CPF, in the old form, and Work API is asked once within the window', async () => {
    const { status, body } = await ask(`/contributor/customer?phone=${encodeURIComponent(customer().phone)}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      type: 'customer',
      personal_info: { cpf: expect.stringMatching(/^\d{11}$/) as unknown, name: expect.any(String) as unknown },
      metadata: { enriched: true, sources: ['work_api'], modules_consulted: ['cpf'] },
    });
    const { cpf } = body['personal_info'] as { cpf: string };
    const others = [await post('/enrich', { email: customer().email }), await post('/enrich', { cpf })];
    for (const other of others) expect(other.body['personal_info']).toEqual(body['personal_info']);
    expect(asked()).toBe(1);
    expect(facade.logs.join('')).not.toContain(cpf);
  });

  it('is answered from the store once a lead of that person was enriched', async () => {
    await enrich(facade, SAME);
    const { body } = await post('/enrich', { phone: customer().phone });
    expect(body).toMatchObject({ metadata: { enriched: false, sources: ['local_db'] } });
    expect((body['contact_info'] as { phones: unknown[] }).phones.length).toBeGreaterThan(0);
    expect(asked()).toBe(1);
  });

  it.each([
    ['nobody that is known', { cpf: inventedCpf(9_999) }, 404, 'Customer not found in database or Work API'],
    ['no CPF', { cpf: '12345678900' }, 400, 'This is no CPF: eleven digits, the last two check the others.'],
    ['a name alone', { name: 'Ana' }, 400, expect.stringContaining('At least one identifier required') as unknown],
  ])('is %s', async (_, body, status, error) => {
    expect(await post('/enrich', body)).toMatchObject({ status, body: { error } });
  });

  it('is told to known callers only, though enrichments are open', async () => {
    expect((await ask('/contributor/customer?phone=1', { headers: {} })).status).toBe(401);
    expect((await ask('/work/modules/cpf?documento=1', { headers: {} })).status).toBe(401);
    expect(await ask('/enrich', { method: 'POST', headers: {} })).toMatchObject({
      status: 401,
      body: { error: 'Unauthorized' },
    });
  });
});

it('each read of a person is in the audit, with the caller and without the person', async () => {
  const cpf = await cpfOf();
  const { body } = await enrich(facade, SAME);
  await ask(`/work/modules/cpf?documento=${cpf}`);
  await ask(`/work/modules/cpf?documento=${inventedCpf(9_999)}`);
  const res = await fetch(`${facade.adminUrl}/api/audit?action=read`, { headers: { 'x-c2s-admin': '1' } });
  const text = await res.text();
  const { records } = JSON.parse(text) as { records: Record<string, unknown>[] };
  const who = expect.stringMatching(/^[0-9a-f]{12}$/) as unknown;
  const read = { action: 'read', who, via: 'caller token', people: 1 };
  expect(records).toMatchObject([
    { ...read, subject: 'a module of Work API' },
    { ...read, subject: 'CPFs of an enrichment', people: (body['cpfs_processed'] as string[]).length },
    { ...read, subject: 'a person' },
  ]);
  for (const personal of [cpf, customer().phone, customer().email, customer().name])
    expect(text).not.toContain(personal);
});

describe('a module of Work API', () => {
  it('answers as it came, once within the window; all is cpf', async () => {
    const cpf = await cpfOf();
    const before = asked();
    const all = await ask(`/work/modules/all?documento=${cpf}`);
    expect(all).toMatchObject({ status: 200, body: { DadosBasicos: { cpf } } });
    expect((await ask(`/work/modules/cpf?documento=${cpf}`)).body).toEqual(all.body);
    expect(asked()).toBe(before + 1);
    expect(facade.logs.join('')).not.toContain(cpf);
  });

  it.each([
    ['/work/modules/cpf', 400, { error: "Missing 'documento' parameter" }],
    ['/work/modules/no.such?documento=1', 400, { error: 'This is not the name of a module of Work API.' }],
    [`/work/modules/cpf?documento=${inventedCpf(9_999)}`, 200, { error: 'No data' }],
    ['/work/modules/telefone?documento=11900000000', 200, { error: 'No data' }],
  ])('%s: %i', async (path, status, body) => expect(await ask(path)).toMatchObject({ status, body }));

  it('is forgotten with its person on every instance, also where the window is not over', async () => {
    const other = await startEnriching(scene.sandbox, {
      databaseUrl: scene.databaseUrl,
      enrichment: { window: '60s' },
    });
    scene.started.push(other);
    const cpf = await cpfOf();
    const both = async (): Promise<void> => {
      for (const { url } of [facade, other])
        await (await fetch(`${url}/api/v1/work/modules/cpf?documento=${cpf}`, { headers: auth })).text();
    };
    await both();
    const before = asked();
    await both();
    expect(asked()).toBe(before);
    const forget = await fetch(`${facade.adminUrl}/api/people/forget`, {
      method: 'POST',
      headers: { 'x-c2s-admin': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ cpf }),
    });
    expect(forget.status).toBe(200);
    await until(async () => (await both(), asked() >= before + 2), 'both ask again');
  });

  it('that does not answer is 502, and is asked again', async () => {
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', status: 503, times: 1 });
    const path = `/work/modules/cpf?documento=${inventedCpf(9_999)}`;
    expect(await ask(path)).toMatchObject({ status: 502, body: { error: 'External service error' } });
    expect((await ask(path)).status).toBe(200);
  });
});
