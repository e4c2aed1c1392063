import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { endpointsOf } from '../../../../src/facade/config/endpoint.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { configOf } from './support.ts';

/**
 * The file that we ship: the wire contract of 26 operations with two endpoints, of seven that only Contact2Sale has, and of one
 * that only the gateway has.
 */
const text = readFileSync(join(import.meta.dirname, '../../../../config/facade.yaml'), 'utf8');
const config = configOf(text);
const byId = new Map(config.routes.map((route) => [route.id, route]));
const direct = '/integration/leads/:leadId';
const queues = '/integration/distribution_queues';

/** id, canonical direct endpoint, canonical gateway endpoint: the contract table, route by route. */
const CONTRACT = [
  ['leads.list', 'GET /integration/leads', 'GET /leads'],
  ['leads.get', `GET ${direct}`, 'GET /leads/:leadId'],
  ['leads.create', 'POST /integration/leads', 'POST /leads'],
  ['leads.update', `PATCH ${direct}`, 'PATCH /leads/:leadId'],
  ['leads.forward', `PATCH ${direct}/forward`, 'PATCH /leads/:leadId/forward'],
  ['leads.tags.list', `GET ${direct}/tags`, 'GET /leads/:leadId/tags'],
  ['leads.tags.add', `POST ${direct}/create_tag`, 'POST /leads/:leadId/tags'],
  ['leads.interacted', `POST ${direct}/mark_as_interacted`, 'POST /leads/:leadId/mark-interacted'],
  ['leads.messages.create', `POST ${direct}/create_message`, 'POST /leads/:leadId/messages'],
  ['leads.deal', `POST ${direct}/done_deal`, 'POST /leads/:leadId/done-deal'],
  ['leads.visits.create', `POST ${direct}/create_visit`, 'POST /leads/:leadId/visits'],
  ['leads.activities.create', `POST ${direct}/create_activity`, 'POST /leads/:leadId/activities'],
  ['tags.list', 'GET /integration/tags', 'GET /tags'],
  ['tags.create', 'POST /integration/tags', 'POST /tags'],
  ['sellers.list', 'GET /integration/sellers', 'GET /sellers'],
  ['sellers.create', 'POST /integration/sellers', 'POST /sellers'],
  ['sellers.update', 'PUT /integration/sellers/:sellerId', 'PUT /sellers/:sellerId'],
  ['queues.list', `GET ${queues}`, 'GET /distribution/queues'],
  ['queues.sellers', `GET ${queues}/:queueId/sellers`, 'GET /distribution/queues/:queueId/sellers'],
  ['queues.redistribute', `POST ${queues}/:queueId/redistribute`, 'POST /distribution/queues/:queueId/redistribute'],
  ['queues.priority', `POST ${queues}/:queueId/priority`, 'POST /distribution/queues/:queueId/priority'],
  ['queues.nextSeller', `POST ${queues}/:queueId/next_seller`, 'POST /distribution/queues/:queueId/next-seller'],
  ['rules.create', 'POST /integration/distribution_rules', 'POST /distribution/rules'],
  ['company.me', 'GET /integration/me', 'GET /company/me'],
  ['webhooks.subscribe', 'POST /integration/webhook/leads/subscribe', 'POST /webhooks/subscribe'],
  ['webhooks.unsubscribe', 'POST /integration/webhook/leads/unsubscribe', 'POST /webhooks/unsubscribe'],
] as const;

/** What the gateway has nothing for. */
const DIRECT_ONLY = [
  ['leads.status', `PUT ${direct}/status`],
  ['leads.tags.remove', `DELETE ${direct}/tags`],
  ['sellers.timeshift', 'PUT /sellers/timeshift', 'PUT /integration/sellers/timeshift'],
  ['queues.sellers.update', `PUT ${queues}/:queueId/sellers`, 'PUT /distribution_queues/:queueId/sellers'],
  ['rules.list', 'GET /integration/distribution_rules', 'GET /distribution_rules'],
  ['hooks.subscribe', 'POST /integration/leads/subscribe', 'POST /integration/api/subscribe', 'POST /api/subscribe'],
  [
    'hooks.unsubscribe',
    'POST /integration/leads/unsubscribe',
    'POST /integration/api/unsubscribe',
    'POST /api/unsubscribe',
  ],
] as const;

const spelled = (written: string | readonly string[] | undefined) =>
  endpointsOf(written).map(({ method, template }) => `${method} ${template}`);

describe('the shipped config/facade.yaml', () => {
  it.each(CONTRACT)('has %s with both endpoints', (id, directEndpoint, gatewayEndpoint) => {
    expect(spelled(byId.get(id)?.direct)[0]).toBe(directEndpoint);
    expect(spelled(byId.get(id)?.gateway)[0]).toBe(gatewayEndpoint);
  });

  it.each(DIRECT_ONLY)('has %s on direct only', (id, ...endpoints) => {
    expect(spelled(byId.get(id)?.direct)).toEqual(endpoints);
    expect(byId.get(id)).not.toHaveProperty('gateway');
  });

  it('has leads.resolveSource on the gateway only, and nothing else: 34 routes', () => {
    expect(byId.get('leads.resolveSource')).toMatchObject({ gateway: 'GET /leads/resolve-source' });
    expect(byId.get('leads.resolveSource')).not.toHaveProperty('direct');
    expect([...byId.keys()].toSorted()).toEqual(
      [...CONTRACT, ...DIRECT_ONLY, ['leads.resolveSource'] as const].map(([id]) => id).toSorted(),
    );
  });

  it('is not flipped: every route is at 0, nothing is shadowed, and direct catches what fails', () => {
    const flipped = config.routes
      .filter(({ direct: old, rollout: { gateway, shadow, fallback } }) => {
        return gateway !== 0 || shadow !== 0 || fallback !== (old ? 'direct' : 'none');
      })
      .map(({ id, rollout: { gateway, shadow, fallback } }) => ({ id, gateway, shadow, fallback }));
    const remedy =
      'config/facade.yaml is shipped by npm pack and is flipped; restore its rollouts (git checkout config/facade.yaml)';
    expect(flipped, remedy).toEqual([]);
  });

  it('keeps the rollout of each route on one line that begins with the number to edit', () => {
    expect(text.match(/^ {4}rollout: \{ gateway: 0, shadow: 0, stickyBy: \w+, fallback: \w+ \}$/gm)).toHaveLength(34);
  });

  it('names its schema on the first line', () => {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./facade.schema.json');
  });

  it('owes 201 to the direct dialect for a message and overrides no other status', () => {
    const owing = config.routes.filter((route) => route.success);
    expect(owing.map(({ id, success }) => ({ id, success }))).toEqual([
      { id: 'leads.messages.create', success: { direct: 201, gateway: 200 } },
    ]);
  });

  it('understands the paths of the documents and of the older README', () => {
    for (const id of ['leads.update', 'leads.forward']) {
      expect(spelled(byId.get(id)?.direct).map((one) => one.split(' ')[0])).toEqual(['PATCH', 'PUT']);
    }
    expect(spelled(byId.get('webhooks.subscribe')?.gateway)).toContain('POST /webhook/subscribe');
    expect(spelled(byId.get('leads.interacted')?.gateway)).toContain('POST /leads/:leadId/mark_as_interacted');
    expect(spelled(byId.get('leads.deal')?.gateway)).toContain('POST /leads/:leadId/done_deal');
    expect(spelled(byId.get('queues.list')?.gateway)).toContain('GET /distribution_queues');
  });

  it('lists the paths that both services have on both sides', () => {
    const both = config.routes.flatMap(({ direct: ours, gateway }) => {
      const theirs = spelled(gateway);
      return spelled(ours).filter((endpoint) => theirs.includes(endpoint));
    });
    expect(both).toEqual([
      'POST /tags',
      'POST /sellers',
      'PUT /sellers/:sellerId',
      'POST /distribution_queues/:queueId/redistribute',
    ]);
  });

  it('splits by the lead, the seller or the queue, where the path names one', () => {
    for (const { id, params, rollout } of compileRoutes(config, CONTACT2SALE)) {
      expect([id, rollout.stickyBy]).toEqual([id, params.length === 0 ? -1 : 0]);
    }
  });

  it('lets only reads be safe', () => {
    for (const { id, safety, direct: endpoints, gateway } of compileRoutes(config, CONTACT2SALE)) {
      const reads = [...endpoints, ...gateway].every(({ method }) => method === 'GET');
      expect([id, safety]).toEqual([id, reads ? 'safe' : 'unsafe']);
    }
  });

  it('takes an update with a field that the gateway would drop to the direct path', () => {
    expect(Object.keys(byId.get('leads.update')?.body?.fields ?? {})).toEqual(['customer', 'product', 'description']);
  });

  it('reads back the writes that a gateway can lose without a word', () => {
    const verified = config.routes.flatMap(({ id, verify }) =>
      verify ? [[id, verify.read, Object.keys(verify.fields)]] : [],
    );
    expect(verified).toEqual([
      ['leads.update', 'leads.get', ['customer', 'product', 'description']],
      ['leads.forward', 'leads.get', ['seller_id']],
      ['leads.tags.add', 'leads.tags.list', ['tag_id']],
      ['leads.messages.create', 'leads.get', ['message']],
    ]);
  });

  it('knows of no difference yet: the ledger begins empty', () => {
    expect(config.knownDifferences).toEqual([]);
  });
});
