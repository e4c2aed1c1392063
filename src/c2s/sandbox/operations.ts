/**
 * The operations of Contact2Sale that the stand-in offers, as data: its routes are registered from this table and
 * a test can walk it side by side with the routes of the facade's config and with the gateway's operations.
 * Ids, methods, paths and order are those of docs/wire/contact2sale.md.
 */
export interface SandboxOperation {
  /** The operation's name, the same as of its route in the facade's config. */
  readonly id: string;
  readonly method: Method;
  /** Path template with `:parameters`, Contact2Sale's own spelling. */
  readonly path: string;
  /** Other documented spellings of the same operation: `METHOD /path`. */
  readonly aliases: readonly Spelling[];
  /** Contact2Sale answers 201 to exactly one operation, and callers depend on it. */
  readonly success: 200 | 201;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Spelling = `${Method} /${string}`;

const operation = <const Id extends string>(
  id: Id,
  method: Method,
  path: string,
  more: Partial<Pick<SandboxOperation, 'aliases' | 'success'>> = {},
) => ({ id, method, path, aliases: more.aliases ?? [], success: more.success ?? 200 }) as const;

const LEAD = '/integration/leads/:leadId';
/** A public guide of the API's support gives some operations at the root, too. */
const ROOT_QUEUE = '/distribution_queues/:queueId';
const QUEUE = `/integration${ROOT_QUEUE}`;

export const SANDBOX_OPERATIONS = [
  operation('leads.list', 'GET', '/integration/leads'),
  operation('leads.get', 'GET', LEAD),
  operation('leads.create', 'POST', '/integration/leads'),
  operation('leads.update', 'PATCH', LEAD, { aliases: [`PUT ${LEAD}`] }),
  operation('leads.forward', 'PATCH', `${LEAD}/forward`, { aliases: [`PUT ${LEAD}/forward`] }),
  operation('leads.status', 'PUT', `${LEAD}/status`),
  operation('leads.tags.list', 'GET', `${LEAD}/tags`),
  operation('leads.tags.add', 'POST', `${LEAD}/create_tag`),
  operation('leads.tags.remove', 'DELETE', `${LEAD}/tags`),
  operation('leads.interacted', 'POST', `${LEAD}/mark_as_interacted`),
  operation('leads.messages.create', 'POST', `${LEAD}/create_message`, { success: 201 }),
  operation('leads.deal', 'POST', `${LEAD}/done_deal`),
  operation('leads.visits.create', 'POST', `${LEAD}/create_visit`),
  operation('leads.activities.create', 'POST', `${LEAD}/create_activity`),
  operation('tags.list', 'GET', '/integration/tags'),
  operation('tags.create', 'POST', '/integration/tags', { aliases: ['POST /tags'] }),
  operation('sellers.list', 'GET', '/integration/sellers'),
  operation('sellers.create', 'POST', '/integration/sellers', { aliases: ['POST /sellers'] }),
  // Before sellers.update: Express takes the first path that fits.
  operation('sellers.timeshift', 'PUT', '/sellers/timeshift', { aliases: ['PUT /integration/sellers/timeshift'] }),
  operation('sellers.update', 'PUT', '/integration/sellers/:sellerId', { aliases: ['PUT /sellers/:sellerId'] }),
  operation('queues.list', 'GET', '/integration/distribution_queues'),
  operation('queues.sellers', 'GET', `${QUEUE}/sellers`),
  operation('queues.sellers.update', 'PUT', `${QUEUE}/sellers`, { aliases: [`PUT ${ROOT_QUEUE}/sellers`] }),
  operation('queues.redistribute', 'POST', `${QUEUE}/redistribute`, { aliases: [`POST ${ROOT_QUEUE}/redistribute`] }),
  operation('queues.priority', 'POST', `${QUEUE}/priority`),
  operation('queues.nextSeller', 'POST', `${QUEUE}/next_seller`, {
    aliases: [`PUT ${QUEUE}/next_seller`, `PUT ${ROOT_QUEUE}/next_seller`],
  }),
  operation('rules.list', 'GET', '/integration/distribution_rules', { aliases: ['GET /distribution_rules'] }),
  operation('rules.create', 'POST', '/integration/distribution_rules', { aliases: ['POST /distribution_rules'] }),
  operation('company.me', 'GET', '/integration/me'),
  operation('webhooks.subscribe', 'POST', '/integration/webhook/leads/subscribe'),
  operation('webhooks.unsubscribe', 'POST', '/integration/webhook/leads/unsubscribe'),
  operation('hooks.subscribe', 'POST', '/integration/leads/subscribe', {
    aliases: ['POST /integration/api/subscribe', 'POST /api/subscribe'],
  }),
  operation('hooks.unsubscribe', 'POST', '/integration/leads/unsubscribe', {
    aliases: ['POST /integration/api/unsubscribe', 'POST /api/unsubscribe'],
  }),
] as const satisfies readonly SandboxOperation[];

export type SandboxOperationId = (typeof SANDBOX_OPERATIONS)[number]['id'];
