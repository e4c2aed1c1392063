import { describe, expect, it } from 'vitest';
import { startGateway } from '../../src/c2s/gateway/index.ts';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { cli } from '../unit/facade/cli/kit.ts';
import { addLeads, messagesOf, startEnriching, WEBHOOK_SECRET } from './kit/enrichment.ts';
import { FACADE_TOKEN, setRoute, type TestFacade } from './kit/facade.ts';
import { asContact2Sale, asGoogle, asSignedSender, googlePush } from './kit/old-callers.ts';
import { useScene } from './kit/use-scene.ts';
import { startUpstream, until } from './kit/upstream.ts';

/** The pushes as they came to the service before, with the answers that it gave. */

const scene = useScene();
const GOOGLE_KEY = 'test-google-ads-key-of-48-characters';
/** A day that the settings take, whenever this runs. */
const SOON = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);

async function start(webhooks: object = {}, env: Record<string, string> = {}): Promise<TestFacade> {
  const facade = await startEnriching(scene.sandbox, {
    databaseUrl: scene.databaseUrl,
    enrichment: { webhooks },
    env: { GOOGLE_ADS_WEBHOOK_KEY: GOOGLE_KEY, ...env },
  });
  scene.started.push(facade);
  return facade;
}

const unsigned = (perMinute = 120) => ({ c2s: { acceptUnsignedUntil: SOON, unsignedPerMinute: perMinute } });
const received = (processed: number, duplicates = 0) => ({
  status: 200,
  body: { status: 'received', received: processed + duplicates, processed, duplicates },
});

describe('a push of Contact2Sale', () => {
  it('without a secret, in every format of its time, is answered as it was, once for one instant', async () => {
    const leadIds = addLeads(scene.sandbox, 6);
    const [a = '', b = '', c = '', d = '', e = '', f = ''] = leadIds;
    const facade = await start(unsigned());
    const { url, logs } = facade;
    const event = (id: unknown, updated_at?: string, hook_action: string | undefined = 'on_create_lead') => ({
      id,
      hook_action,
      attributes: { updated_at, customer: { name: 'Ana' } },
    });
    expect(await asContact2Sale(url, event(a, '2026-01-01T00:00:00Z'))).toEqual(received(1));
    expect(await asContact2Sale(url, event(a, '2026-01-01 00:00:00.0 +0000'))).toEqual(received(0, 1));
    expect(await asContact2Sale(url, [event(b, '2026-01-01 00:00:00'), event(c)])).toEqual(received(2));
    expect(await asContact2Sale(url, event(d, '2026-01-01T00:00:00Z', 'lead.created'))).toEqual(received(1));
    expect(await asSignedSender(url, event(e, '2026-01-01T00:00:00Z'), WEBHOOK_SECRET)).toEqual(received(1));
    // What was pushed with the secret is known again without it.
    expect(await asContact2Sale(url, event(e, '2026-01-01 00:00:00'))).toEqual(received(0, 1));
    expect(await asContact2Sale(url, event(f), `?token=${WEBHOOK_SECRET}`)).toEqual(received(1));
    await until(() => leadIds.every((id) => messagesOf(scene.sandbox, id).length === 1), 'all messages', 30_000);
    expect(await facade.metric('facade_webhook_pushes_total{webhook="c2s",secret="unsigned"}')).toBe(5);
    expect(await facade.metric('facade_webhook_pushes_total{webhook="c2s",secret="query"}')).toBe(1);
    expect(logs.join('')).toContain('taken without the secret');
  }, 60_000);

  it('without a secret is warned of by the reload that allows it, each time and once', async () => {
    const facade = await start();
    const warnings = (): number => facade.logs.filter((line) => line.includes('taken without the secret')).length;
    const path = ['enrichment', 'webhooks', 'c2s', 'acceptUnsignedUntil'];
    const open = () => facade.edit((config) => config.setIn(path, SOON));
    expect(warnings()).toBe(0);
    await open();
    await facade.edit((config) => config.setIn(['enrichment', 'webhooks', 'c2s', 'unsignedPerMinute'], 60));
    expect(warnings()).toBe(1);
    await facade.edit((config) => config.deleteIn(path));
    await open();
    expect(warnings()).toBe(2);
  });

  it('that somebody invented does not take the place of the true one', async () => {
    const facade = await start(unsigned());
    const [id = ''] = addLeads(scene.sandbox, 1);
    const { leads } = scene.sandbox.c2s.standIn.crm;
    const lead = leads.get(id);
    if (!lead) throw new Error('the lead is missing');
    leads.delete(id);
    const event = { id, hook_action: 'on_create_lead', attributes: { updated_at: '2026-01-01T00:00:00Z' } };
    expect(await asContact2Sale(facade.url, event)).toEqual(received(1));
    await until(async () => (await facade.metric('facade_enrichments_total{result="lead_missing"}')) === 1, 'it ended');
    leads.set(id, lead);
    expect(await asSignedSender(facade.url, event, WEBHOOK_SECRET)).toEqual(received(1));
    await until(() => messagesOf(scene.sandbox, id).length === 1, 'the message arrived');
  }, 30_000);

  it('beyond the limit waits; with a wrong secret it is 401; the secret is told to nobody', async () => {
    const facade = await start(unsigned(1));
    const { url } = facade;
    const [one = '', two = ''] = addLeads(scene.sandbox, 2);
    expect(await asContact2Sale(url, { id: one })).toEqual(received(1));
    expect((await asContact2Sale(url, { id: two })).status).toBe(429);
    for (const suffix of ['/wrong', '?token=wrong', '?secret=', `?token=${WEBHOOK_SECRET}&secret=wrong`])
      expect((await asContact2Sale(url, { id: two }, suffix)).status).toBe(401);
    expect(await asContact2Sale(url, { id: two }, `?secret=${WEBHOOK_SECRET}`)).toEqual(received(1));
    expect((await asContact2Sale(url, { id: two }, `/more/than?token=${WEBHOOK_SECRET}`)).status).toBe(404);
    const discovery = await (await fetch(`${facade.adminUrl}/api/discovery`)).text();
    const asked = JSON.stringify(scene.sandbox.c2s.standIn.received);
    for (const text of [facade.logs.join(''), discovery, asked, await facade.metricsText()])
      expect(text).not.toContain(WEBHOOK_SECRET);
  }, 30_000);
});

describe('a push of Google Ads', () => {
  const columns = { NAME: 'Ana Souza', PHONE: '(11) 90000-0000', EMAIL: 'ANA.SOUZA0@example.com; ana@example.org' };
  const created = () => [...scene.sandbox.c2s.standIn.crm.leads.values()].at(-1);

  it('is answered with the new lead, and with the same one when it comes again', async () => {
    const [seller = ''] = scene.sandbox.c2s.standIn.crm.sellers.keys();
    const { url } = await start({}, { C2S_DEFAULT_SELLER_ID: seller });
    const before = scene.sandbox.c2s.standIn.crm.leads.size;
    const first = await asGoogle(url, GOOGLE_KEY, googlePush('g-1', columns));
    const lead = created();
    expect(first).toEqual({
      status: 201,
      body: expect.objectContaining({
        success: true,
        message: expect.any(String) as unknown,
        lead_id: 'g-1',
        c2s_lead_id: lead?.id,
      }) as unknown,
    });
    expect(await asGoogle(url, GOOGLE_KEY, googlePush('g-1', columns))).toEqual({
      status: 200,
      body: expect.objectContaining({
        success: true,
        message: 'Lead already processed (duplicate)',
        lead_id: 'g-1',
        c2s_lead_id: lead?.id,
      }) as unknown,
    });
    expect(scene.sandbox.c2s.standIn.crm.leads.size).toBe(before + 1);
    const { customer, description } = lead?.attributes ?? {};
    expect(customer).toMatchObject({ name: 'Ana Souza', phone: '+5511900000000', email: 'ana.souza0@example.com' });
    for (const part of ['Formulário ID: 40000000000', 'GCLID: Cj0KCQ-test', 'Outro e-mail: ana@example.org'])
      expect(description).toContain(part);
    const sent = scene.sandbox.c2s.standIn.received.find(
      ({ method, path }) => method === 'POST' && path === '/integration/leads',
    );
    expect(JSON.stringify(sent)).toMatch(/type_negotiation\W+Compra/);
    expect(JSON.stringify(sent)).toContain(seller);
    await until(() => messagesOf(scene.sandbox, lead?.id ?? '').length === 1, 'the message arrived');
  }, 30_000);

  it('with a CPF asks nobody whose it is', async () => {
    const { url } = await start();
    const cpf = inventedCpf(31_337);
    const before = scene.sandbox.diretrix.standIn.received.length;
    const { body } = await asGoogle(url, GOOGLE_KEY, googlePush('g-cpf', { ...columns, CPF: cpf }));
    const leadId = String(body['c2s_lead_id']);
    await until(() => messagesOf(scene.sandbox, leadId).length === 1, 'the message arrived');
    expect(messagesOf(scene.sandbox, leadId)[0]).toContain('identificada pelo CPF');
    expect(scene.sandbox.diretrix.standIn.received).toHaveLength(before);
  }, 30_000);

  it('is 202 while the lead cannot be created, and makes one lead of it however often it comes', async () => {
    const facade = await start({ googleAds: { answerWithin: '50ms' } });
    const before = scene.sandbox.c2s.standIn.crm.leads.size;
    const fault = { path: '/integration/leads', exact: true, method: 'POST', times: 1 };
    scene.sandbox.c2s.standIn.faults.add({ ...fault, latencyMs: 1_000 });
    const push = googlePush('g-slow', columns);
    const [first, again] = await Promise.all([
      asGoogle(facade.url, GOOGLE_KEY, push),
      asGoogle(facade.url, GOOGLE_KEY, push),
    ]);
    expect([first.status, again.status].toSorted()).toEqual([200, 202]);
    for (const { body } of [first, again]) expect(body).toMatchObject({ success: true, c2s_lead_id: null });
    await until(async () => (await facade.metric('facade_jobs{state="done"}')) === 1, 'it is done');
    expect(scene.sandbox.c2s.standIn.crm.leads.size).toBe(before + 1);
    const late = await asGoogle(facade.url, GOOGLE_KEY, push);
    expect(late).toMatchObject({ status: 200, body: { c2s_lead_id: created()?.id } });
  }, 30_000);

  it('that Contact2Sale refuses is 502 and a dead letter; after a correction the retry sends what is right', async () => {
    const [seller = ''] = scene.sandbox.c2s.standIn.crm.sellers.keys();
    const before = scene.sandbox.c2s.standIn.crm.leads.size;
    const push = googlePush('g-refused', columns);
    const wrong = await start({}, { C2S_DEFAULT_SELLER_ID: 'a-wrong-seller' });
    scene.sandbox.c2s.standIn.faults.add({
      path: '/integration/leads',
      exact: true,
      method: 'POST',
      status: 422,
      times: 2,
    });
    for (let n = 0; n < 2; n++) {
      expect(await asGoogle(wrong.url, GOOGLE_KEY, push)).toMatchObject({
        status: 502,
        body: {
          type: 'urn:c2s-facade:enrichment-lead-refused',
          error: 'External service error',
          detail: expect.stringContaining('dead letter') as unknown,
        },
      });
    }
    await scene.started.pop()?.stop();
    const right = await start({}, { C2S_DEFAULT_SELLER_ID: seller });
    expect((await asGoogle(right.url, GOOGLE_KEY, push)).status).toBe(201);
    expect(scene.sandbox.c2s.standIn.crm.leads.size).toBe(before + 1);
    const sent = scene.sandbox.c2s.standIn.received
      .filter(({ method, path }) => method === 'POST' && path === '/integration/leads')
      .map((one) => JSON.stringify(one));
    expect(sent.map((one) => one.includes('a-wrong-seller'))).toEqual([true, true, false]);
    expect(sent.at(-1)).toContain(seller);
  }, 30_000);

  it.each([
    ['the ad group', 200, { ad_group_name: 'Jardim Sul' }, 'Jardim Sul'],
    ['none where nobody knows it', 404, {}, undefined],
  ])(
    'has as its product %s, by resolve-source',
    async (_, status, body, product) => {
      const ads = await startUpstream((_request, res) => {
        res.writeHead(status, { 'content-type': 'application/json' });
        res.end(JSON.stringify(body));
      });
      const { url: c2sBaseUrl, token: c2sToken } = scene.sandbox.c2s;
      const gateway = await startGateway({ c2sBaseUrl, c2sToken, port: 0, adsGatewayUrl: ads.url });
      const facade = await startEnriching(scene.sandbox, {
        databaseUrl: scene.databaseUrl,
        gateway: { url: gateway.url, share: 0 },
        edit: (config) => setRoute(config, 'leads.resolveSource', ['rollout', 'gateway'], 100),
      });
      scene.started.push(facade);
      expect((await asGoogle(facade.url, WEBHOOK_SECRET, googlePush('g/product', columns))).status).toBe(201);
      expect(ads.received.map(({ url }) => url)).toEqual(['/leads/resolve-source?google_lead_id=g%2Fproduct']);
      const sent = scene.sandbox.c2s.standIn.received.find(
        ({ method, path }) => method === 'POST' && path === '/integration/leads',
      );
      expect(JSON.stringify(sent).includes('Jardim Sul')).toBe(product !== undefined);
      await gateway.close();
      await ads.close();
    },
    30_000,
  );

  it('has a key of its own, in the address or in the body; a test makes no lead', async () => {
    const { url } = await start();
    const push = googlePush('g-key', columns);
    for (const key of [WEBHOOK_SECRET, 'wrong', ''])
      expect((await asGoogle(url, key, { ...push, google_key: GOOGLE_KEY })).status).toBe(401);
    expect(await asGoogle(url, GOOGLE_KEY, { ...push, is_test: true })).toEqual({
      status: 200,
      body: { status: 'received', received: 1, processed: 0, duplicates: 0, test: true },
    });
  }, 30_000);
});

it('webhooks subscribe registers the URL with the secret, in both forms, and shows it to nobody', async () => {
  const facade = await start();
  const { subscriptions } = scene.sandbox.c2s.standIn.crm;
  const env = { WEBHOOK_SECRET, FACADE_TOKENS: FACADE_TOKEN };
  const pushed = `https://facade.example/api/v1/webhooks/c2s/${WEBHOOK_SECRET}`;
  const subscribe = ['webhooks', 'subscribe', 'https://facade.example/', '--facade', facade.url];
  const refused = await cli(subscribe, { env, answer: () => 'n' });
  expect([refused.code, subscriptions.size]).toEqual([2, 0]);
  for (const form of ['documented', 'clients']) {
    subscriptions.clear();
    const done = await cli([...subscribe, '--form', form], { env, answer: () => 'y' });
    expect([form, done.code, done.err]).toEqual([form, 0, expect.stringContaining('<WEBHOOK_SECRET>')]);
    expect(done.out + done.err).not.toContain(WEBHOOK_SECRET);
    expect([...subscriptions]).toEqual([
      ['on_create_lead', pushed],
      ['on_update_lead', pushed],
    ]);
  }
  const ended = await cli(['webhooks', 'unsubscribe', pushed, '--facade', facade.url, '--yes'], { env });
  expect([ended.code, subscriptions.size]).toEqual([0, 0]);
  expect(ended.out + ended.err + facade.logs.join('')).not.toContain(WEBHOOK_SECRET);
  const again = await cli(['webhooks', 'unsubscribe', pushed, '--facade', facade.url, '--yes'], { env });
  expect(again).toMatchObject({ code: 1, out: expect.stringContaining('got 404') as unknown });
  expect(await asContact2Sale(facade.url, { id: SEED_LEAD_IDS[0] }, pushed.slice(pushed.lastIndexOf('/')))).toEqual(
    received(1),
  );
}, 30_000);
