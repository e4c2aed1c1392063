import type { Kind } from './coercion.ts';

/**
 * The operations of the Python gateway with their models, written from its source and apart from our rollout table. A path
 * parameter is `{}`.
 */

/** Of one field of a body. */
export interface Field {
  readonly kind: Kind;
  readonly isRequired: boolean;
  /** What is sent on where the field is left out; undefined: nothing. */
  readonly preset: boolean | undefined;
}

export interface Operation {
  readonly method: string;
  readonly path: RegExp;
  /** What Contact2Sale is asked by; of the lookup, which dials somebody else, the path that it was asked by. */
  readonly onward: string;
  readonly query: Readonly<Record<string, QueryField>>;
  /** Undefined: a body is not looked at. */
  readonly body: ReadonlyMap<string, Field> | undefined;
  /** Does it leave out optional texts that are empty? `model_dump(exclude_none=True)` leaves out nulls alone. */
  readonly dropsEmpty: boolean;
}

export interface QueryField {
  readonly kind: Kind;
  readonly preset?: string;
  readonly max?: number;
}

const text: QueryField = { kind: 'str' };
const LEAD_FILTERS = 'sort created_gte created_lt updated_gte updated_lt status phone email tags'.split(' ');
const LEAD_LIST: Readonly<Record<string, QueryField>> = {
  page: { kind: 'int', preset: '1' },
  perpage: { kind: 'int', preset: '50', max: 50 },
  ...Object.fromEntries(LEAD_FILTERS.map((name) => [name, text])),
};

interface More {
  readonly query?: Readonly<Record<string, QueryField>>;
  /** `name:kind`, and `?` where it is optional, `?=` with its preset. */
  readonly body?: string;
  readonly dropsEmpty?: boolean;
}

/** @param asked `METHOD path` @param onward path below `/integration`; null: none. */
function operation(
  asked: string,
  onward: string | null,
  { query = {}, body, dropsEmpty = false }: More = {},
): Operation {
  const [method = '', path = ''] = asked.split(' ');
  return {
    method,
    path: new RegExp(`^${path.replaceAll('{}', '([^/]+)')}$`, 's'),
    onward: onward === null ? path : `/integration${onward}`,
    query,
    body: body === undefined ? undefined : new Map(body.split(' ').map(fieldOf)),
    dropsEmpty,
  };
}

function fieldOf(written: string): [string, Field] {
  const [name = '', kind = ''] = written.split(':');
  const [bare = '', preset] = kind.split('?');
  const isRequired = preset === undefined;
  return [name, { kind: bare as Kind, isRequired, preset: preset ? preset === '=true' : undefined }];
}

export const OPERATIONS: readonly Operation[] = [
  operation('GET /leads/resolve-source', null, {
    query: { form_id: text, ad_group_id: text, campaign_id: text, google_lead_id: text },
  }),
  operation('GET /leads', '/leads', { query: LEAD_LIST }),
  operation('GET /leads/{}', '/leads/{}'),
  operation('POST /leads', '/leads', {
    body: 'customer:str phone:str? email:str? product:str? description:str? source:str? seller_id:str?',
  }),
  operation('PATCH /leads/{}', '/leads/{}', { body: 'customer:str? product:str? description:str?' }),
  operation('PATCH /leads/{}/forward', '/leads/{}/forward', { body: 'seller_id:str' }),
  operation('GET /leads/{}/tags', '/leads/{}/tags'),
  operation('POST /leads/{}/tags', '/leads/{}/create_tag', { body: 'tag_id:str' }),
  operation('POST /leads/{}/mark-interacted', '/leads/{}/mark_as_interacted'),
  operation('POST /leads/{}/messages', '/leads/{}/create_message', { body: 'message:str type:str?', dropsEmpty: true }),
  operation('POST /leads/{}/visits', '/leads/{}/create_visit', {
    body: 'visit_date:str description:str?',
    dropsEmpty: true,
  }),
  operation('POST /leads/{}/activities', '/leads/{}/create_activity', {
    body: 'type:str description:str date:str?',
    dropsEmpty: true,
  }),
  operation('POST /leads/{}/done-deal', '/leads/{}/done_deal', {
    body: 'value:float description:str?',
    dropsEmpty: true,
  }),
  operation('GET /tags', '/tags', { query: { name: text, autofill: { kind: 'bool' } } }),
  operation('POST /tags', '/tags', { body: 'name:str autofill:bool?=false color:str?' }),
  operation('GET /sellers', '/sellers'),
  operation('POST /sellers', '/sellers', { body: 'name:str email:str phone:str? active:bool?=true' }),
  operation('PUT /sellers/{}', '/sellers/{}', { body: 'name:str? email:str? phone:str? active:bool?' }),
  operation('GET /distribution/queues', '/distribution_queues'),
  operation('POST /distribution/queues/{}/redistribute', '/distribution_queues/{}/redistribute', {
    body: 'lead_id:str seller_id:str',
  }),
  operation('GET /distribution/queues/{}/sellers', '/distribution_queues/{}/sellers'),
  operation('POST /distribution/queues/{}/priority', '/distribution_queues/{}/priority', {
    body: 'seller_id:str priority:int',
  }),
  operation('POST /distribution/queues/{}/next-seller', '/distribution_queues/{}/next_seller', {
    body: 'seller_id:str',
  }),
  operation('POST /distribution/rules', '/distribution_rules', {
    body: 'name:str queue_id:str conditions:dict actions:dict',
  }),
  operation('POST /webhooks/subscribe', '/webhook/leads/subscribe', { body: 'url:str events:list' }),
  operation('POST /webhooks/unsubscribe', '/webhook/leads/unsubscribe', { body: 'url:str' }),
  operation('GET /company/me', '/me'),
];
