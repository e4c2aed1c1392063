import type { OperationId } from '../../src/c2s/gateway/index.ts';
import { SEED_LEAD_IDS, SEED_QUEUE_IDS, SEED_SELLER_IDS, SEED_TAG_IDS } from '../../src/c2s/sandbox/index.ts';

/**
 * One good and, where there is something to get wrong, one bad request for every operation that reaches
 * Contact2Sale. The record's type makes a forgotten operation an error of the compiler.
 */
export interface Sample {
  /** Values of the path parameters, in order. */
  readonly params: readonly string[];
  readonly query?: string;
  /** The query that Contact2Sale sees; default: none. */
  readonly sentQuery?: string;
  readonly body?: string;
  /** What Contact2Sale is sent; default: the body as it is. */
  readonly sent?: unknown;
  /** A request that no gateway may send on, and what is said about it. */
  readonly bad?: { readonly body?: string; readonly query?: string; readonly detail: readonly BadField[] };
}

export interface BadField {
  readonly loc: readonly (string | number)[];
  readonly type: string;
}

export type Upstreamed = Exclude<
  OperationId,
  'leads.resolveSource' | 'campaigns.enrich' | 'campaigns.get' | 'gateway.root' | 'gateway.health'
>;

const [lead = ''] = SEED_LEAD_IDS;
const [queue] = SEED_QUEUE_IDS;
const seller = String(SEED_SELLER_IDS[0]);
const tag = String(SEED_TAG_IDS[0]);

const missing = (...names: string[]): readonly BadField[] =>
  names.map((name) => ({ loc: ['body', name], type: 'missing' }));
const needs = (...names: string[]) => ({ body: '{}', detail: missing(...names) });

export const SAMPLES: Readonly<Record<Upstreamed, Sample>> = {
  'leads.list': {
    params: [],
    query: 'perpage=2&status=novo',
    sentQuery: 'page=1&perpage=2&status=novo',
    bad: {
      query: 'perpage=51&page=0',
      detail: [
        { loc: ['query', 'page'], type: 'greater_than_equal' },
        { loc: ['query', 'perpage'], type: 'less_than_equal' },
      ],
    },
  },
  'leads.get': { params: [lead] },
  'leads.create': {
    params: [],
    body: '{"customer":"Ana Souza","phone":"11900000000","email":null,"seller_id":"101","x_origin":"kept"}',
    sent: { customer: 'Ana Souza', phone: '11900000000', seller_id: '101', x_origin: 'kept' },
    bad: needs('customer'),
  },
  'leads.update': {
    params: [lead],
    body: '{"description":"visita marcada","phone":"11900000001","status":"em_negociacao"}',
    bad: { body: '{"description":[]}', detail: [{ loc: ['body', 'description'], type: 'string_type' }] },
  },
  'leads.forward': { params: [lead], body: `{"seller_id":"${seller}"}`, bad: needs('seller_id') },
  'leads.tags.list': { params: [lead] },
  'leads.tags.add': { params: [lead], body: `{"tag_id":"${tag}"}`, bad: needs('tag_id') },
  'leads.interacted': { params: [lead] },
  'leads.messages.create': {
    params: [lead],
    body: '{"message":"olá, ação ✅","type":"note"}',
    sent: { body: 'olá, ação ✅', type: 'note' },
    bad: needs('message'),
  },
  'leads.deal': {
    params: [lead],
    body: '{"value":850000.5,"description":"vendido"}',
    bad: { body: '{"value":0}', detail: [{ loc: ['body', 'value'], type: 'greater_than' }] },
  },
  'leads.visits.create': { params: [lead], body: '{"visit_date":"2026-12-01 10:00"}', bad: needs('visit_date') },
  'leads.activities.create': {
    params: [lead],
    body: '{"type":"call","description":"retornar"}',
    bad: needs('type', 'description'),
  },
  'tags.list': {
    params: [],
    query: 'name=quente&autofill=no',
    sentQuery: 'name=quente&autofill=false',
    bad: { query: 'autofill=maybe', detail: [{ loc: ['query', 'autofill'], type: 'bool_parsing' }] },
  },
  'tags.create': {
    params: [],
    body: '{"name":"VIP"}',
    sent: { name: 'VIP', autofill: false },
    bad: needs('name'),
  },
  'sellers.list': { params: [] },
  'sellers.create': {
    params: [],
    body: '{"name":"Nova Pessoa","email":"nova@example.com"}',
    sent: { name: 'Nova Pessoa', email: 'nova@example.com', active: true },
    bad: needs('name', 'email'),
  },
  'sellers.update': {
    params: [seller],
    body: '{"phone":"11900000002","active":false}',
    bad: { body: '{"active":"perhaps"}', detail: [{ loc: ['body', 'active'], type: 'bool_parsing' }] },
  },
  'queues.list': { params: [] },
  'queues.sellers': { params: [queue] },
  'queues.redistribute': {
    params: [queue],
    body: `{"lead_id":"${lead}","seller_id":"${seller}"}`,
    bad: needs('lead_id', 'seller_id'),
  },
  'queues.priority': {
    params: [queue],
    body: `{"seller_id":"${seller}","priority":2}`,
    bad: {
      body: `{"seller_id":"${seller}","priority":-1}`,
      detail: [{ loc: ['body', 'priority'], type: 'greater_than_equal' }],
    },
  },
  'queues.nextSeller': { params: [queue], body: `{"seller_id":"${seller}"}`, bad: needs('seller_id') },
  'rules.create': {
    params: [],
    body: `{"name":"regra","queue_id":"${queue}","conditions":{"city":null,"max":12345678901234567890},"actions":{}}`,
    bad: needs('name', 'queue_id', 'conditions', 'actions'),
  },
  'company.me': { params: [] },
  'webhooks.subscribe': {
    params: [],
    body: '{"url":"https://example.com/hook","events":["on_create_lead"]}',
    bad: needs('url', 'events'),
  },
  'webhooks.unsubscribe': { params: [], body: '{"url":"https://example.com/hook"}', bad: needs('url') },
};
