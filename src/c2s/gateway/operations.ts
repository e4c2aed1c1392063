import type { z } from 'zod';
import * as schema from './schemas.ts';

/**
 * Every operation of the gateway, once. Routes, validation and the OpenAPI document are made from this table, and
 * the facade's config and the sandbox are checked against it, so that the three cannot drift apart. The ids are
 * those of the facade's routes.
 */

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

export interface Operation {
  readonly id: string;
  readonly method: Method;
  /** Path template; `:name` is one path segment. */
  readonly path: string;
  /** Paths of an older description of the Python gateway, which never answered there; answered here alike. */
  readonly aliases?: readonly string[];
  readonly tag: 'leads' | 'tags' | 'sellers' | 'distribution' | 'company' | 'webhooks' | 'campaigns' | 'gateway';
  readonly summary: string;
  /** Contact2Sale's operation with the same path parameters. Left out: the gateway answers by itself. */
  readonly upstream?: { readonly method: Method; readonly path: string };
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** Query parameters that are sent on even when the caller left them out. */
  readonly queryDefaults?: Readonly<Record<string, string>>;
  /** Answered to anybody, without a caller key: says nothing about the CRM. */
  readonly open?: true;
}

const LEAD = '/leads/:leadId';
const C2S_LEAD = '/integration/leads/:leadId';
const QUEUE = '/distribution/queues/:queueId';
const OLD_QUEUE = '/distribution_queues/:queueId';
const C2S_QUEUE = '/integration/distribution_queues/:queueId';

const get = (path: string) => ({ method: 'GET', path }) as const;
const post = (path: string) => ({ method: 'POST', path }) as const;
const put = (path: string) => ({ method: 'PUT', path }) as const;
const patch = (path: string) => ({ method: 'PATCH', path }) as const;

const leads = [
  {
    id: 'leads.list',
    ...get('/leads'),
    upstream: get('/integration/leads'),
    summary: 'Leads, page by page',
    query: schema.leadsQuery,
    queryDefaults: { page: '1', perpage: '50' },
  },
  { id: 'leads.get', ...get(LEAD), upstream: get(C2S_LEAD), summary: 'One lead' },
  {
    id: 'leads.create',
    ...post('/leads'),
    upstream: post('/integration/leads'),
    summary: 'Create a lead',
    body: schema.leadCreate,
  },
  { id: 'leads.update', ...patch(LEAD), upstream: patch(C2S_LEAD), summary: 'Change a lead', body: schema.leadUpdate },
  {
    id: 'leads.forward',
    ...patch(`${LEAD}/forward`),
    upstream: patch(`${C2S_LEAD}/forward`),
    summary: 'Hand a lead to another seller',
    body: schema.leadForward,
  },
  { id: 'leads.tags.list', ...get(`${LEAD}/tags`), upstream: get(`${C2S_LEAD}/tags`), summary: 'Tags of a lead' },
  {
    id: 'leads.tags.add',
    ...post(`${LEAD}/tags`),
    upstream: post(`${C2S_LEAD}/create_tag`),
    summary: 'Tag a lead',
    body: schema.leadTag,
  },
  {
    id: 'leads.interacted',
    ...post(`${LEAD}/mark-interacted`),
    aliases: [`${LEAD}/mark_as_interacted`],
    upstream: post(`${C2S_LEAD}/mark_as_interacted`),
    summary: 'Note that somebody spoke with the person',
  },
  {
    id: 'leads.messages.create',
    ...post(`${LEAD}/messages`),
    upstream: post(`${C2S_LEAD}/create_message`),
    summary: 'Put a message on a lead',
    body: schema.leadMessage,
  },
  {
    id: 'leads.deal',
    ...post(`${LEAD}/done-deal`),
    aliases: [`${LEAD}/done_deal`],
    upstream: post(`${C2S_LEAD}/done_deal`),
    summary: 'Close a deal',
    body: schema.leadDeal,
  },
  {
    id: 'leads.visits.create',
    ...post(`${LEAD}/visits`),
    upstream: post(`${C2S_LEAD}/create_visit`),
    summary: 'Book a visit',
    body: schema.leadVisit,
  },
  {
    id: 'leads.activities.create',
    ...post(`${LEAD}/activities`),
    upstream: post(`${C2S_LEAD}/create_activity`),
    summary: 'Note an activity',
    body: schema.leadActivity,
  },
  {
    id: 'leads.resolveSource',
    ...get('/leads/resolve-source'),
    summary: 'From which advertisement a lead came; asked of the ads gateway',
    query: schema.resolveSourceQuery,
  },
] as const;

const people = [
  {
    id: 'tags.list',
    tag: 'tags',
    ...get('/tags'),
    upstream: get('/integration/tags'),
    summary: 'Tags',
    query: schema.tagsQuery,
  },
  {
    id: 'tags.create',
    tag: 'tags',
    ...post('/tags'),
    upstream: post('/integration/tags'),
    summary: 'Create a tag',
    body: schema.tagCreate,
  },
  { id: 'sellers.list', tag: 'sellers', ...get('/sellers'), upstream: get('/integration/sellers'), summary: 'Sellers' },
  {
    id: 'sellers.create',
    tag: 'sellers',
    ...post('/sellers'),
    upstream: post('/integration/sellers'),
    summary: 'Create a seller',
    body: schema.sellerCreate,
  },
  {
    id: 'sellers.update',
    tag: 'sellers',
    ...put('/sellers/:sellerId'),
    upstream: put('/integration/sellers/:sellerId'),
    summary: 'Change a seller',
    body: schema.sellerUpdate,
  },
  {
    id: 'company.me',
    tag: 'company',
    ...get('/company/me'),
    upstream: get('/integration/me'),
    summary: 'The company of the token',
  },
] as const;

const distribution = [
  {
    id: 'queues.list',
    ...get('/distribution/queues'),
    aliases: ['/distribution_queues'],
    upstream: get('/integration/distribution_queues'),
    summary: 'Distribution queues',
  },
  {
    id: 'queues.sellers',
    ...get(`${QUEUE}/sellers`),
    aliases: [`${OLD_QUEUE}/sellers`],
    upstream: get(`${C2S_QUEUE}/sellers`),
    summary: 'Sellers of a queue',
  },
  {
    id: 'queues.redistribute',
    ...post(`${QUEUE}/redistribute`),
    aliases: [`${OLD_QUEUE}/redistribute`],
    upstream: post(`${C2S_QUEUE}/redistribute`),
    summary: 'Give a lead of a queue to a seller',
    body: schema.queueRedistribute,
  },
  {
    id: 'queues.priority',
    ...post(`${QUEUE}/priority`),
    aliases: [`${OLD_QUEUE}/priority`],
    upstream: post(`${C2S_QUEUE}/priority`),
    summary: "Set a seller's place in a queue",
    body: schema.queuePriority,
  },
  {
    id: 'queues.nextSeller',
    ...post(`${QUEUE}/next-seller`),
    aliases: [`${QUEUE}/next_seller`, `${OLD_QUEUE}/next-seller`, `${OLD_QUEUE}/next_seller`],
    upstream: post(`${C2S_QUEUE}/next_seller`),
    summary: 'Choose who is next in a queue',
    body: schema.queueNextSeller,
  },
  {
    id: 'rules.create',
    ...post('/distribution/rules'),
    aliases: ['/distribution_rules'],
    upstream: post('/integration/distribution_rules'),
    summary: 'Create a distribution rule',
    body: schema.ruleCreate,
  },
] as const;

const webhooks = [
  {
    id: 'webhooks.subscribe',
    ...post('/webhooks/subscribe'),
    aliases: ['/webhook/subscribe'],
    upstream: post('/integration/webhook/leads/subscribe'),
    summary: 'Have Contact2Sale push lead events to an address',
    body: schema.webhookSubscribe,
  },
  {
    id: 'webhooks.unsubscribe',
    ...post('/webhooks/unsubscribe'),
    aliases: ['/webhook/unsubscribe'],
    upstream: post('/integration/webhook/leads/unsubscribe'),
    summary: 'Stop the pushes to an address',
    body: schema.webhookUnsubscribe,
  },
] as const;

const own = [
  {
    id: 'campaigns.enrich',
    tag: 'campaigns',
    ...post('/campaigns/enrich'),
    summary: 'The lead that a campaign makes of a person; nothing is created',
    body: schema.campaignLead,
  },
  { id: 'campaigns.get', tag: 'campaigns', ...get('/campaigns/:campaignId'), summary: 'What is known of a campaign' },
  { id: 'gateway.root', tag: 'gateway', ...get('/'), summary: 'Name of the service', open: true },
  { id: 'gateway.health', tag: 'gateway', ...get('/health'), summary: 'Whether the process answers', open: true },
] as const;

export const GATEWAY_OPERATIONS = [
  ...leads.map((row) => ({ tag: 'leads' as const, ...row })),
  ...people,
  ...distribution.map((row) => ({ tag: 'distribution' as const, ...row })),
  ...webhooks.map((row) => ({ tag: 'webhooks' as const, ...row })),
  ...own,
] as const satisfies readonly Operation[];

export type OperationId = (typeof GATEWAY_OPERATIONS)[number]['id'];

/** Reads may be sent twice; everything else is sent once. */
export const isRead = (operation: Operation): boolean => operation.method === 'GET';
