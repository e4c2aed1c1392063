/**
 * The operations of Contact2Sale that the stand-in offers, as data: its routes are registered from this table and
 * a test can walk it side by side with the routes of the facade's config and with the gateway's operations.
 * Ids, methods, paths and order are those of docs/wire/contact2sale.md.
 */
export interface SandboxOperation {
  /** The operation's name, the same as of its route in the facade's config. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Path template with `:parameters`, Contact2Sale's own spelling. */
  readonly path: string;
  /** Other documented spellings of the same operation. */
  readonly aliases: readonly string[];
  /** Contact2Sale answers 201 to exactly one operation, and callers depend on it. */
  readonly success: 200 | 201;
}

const operation = <const Id extends string>(
  id: Id,
  method: SandboxOperation['method'],
  path: string,
  more: Partial<Pick<SandboxOperation, 'aliases' | 'success'>> = {},
) => ({ id, method, path, aliases: more.aliases ?? [], success: more.success ?? 200 }) as const;

const LEAD = '/integration/leads/:leadId';
const QUEUE = '/integration/distribution_queues/:queueId';

export const SANDBOX_OPERATIONS = [
  operation('leads.list', 'GET', '/integration/leads'),
  operation('leads.get', 'GET', LEAD),
  operation('leads.create', 'POST', '/integration/leads'),
  operation('leads.update', 'PATCH', LEAD),
  operation('leads.forward', 'PATCH', `${LEAD}/forward`),
  operation('leads.tags.list', 'GET', `${LEAD}/tags`),
  operation('leads.tags.add', 'POST', `${LEAD}/create_tag`),
  operation('leads.interacted', 'POST', `${LEAD}/mark_as_interacted`),
  operation('leads.messages.create', 'POST', `${LEAD}/create_message`, { success: 201 }),
  operation('leads.deal', 'POST', `${LEAD}/done_deal`),
  operation('leads.visits.create', 'POST', `${LEAD}/create_visit`),
  operation('leads.activities.create', 'POST', `${LEAD}/create_activity`),
  operation('tags.list', 'GET', '/integration/tags'),
  operation('tags.create', 'POST', '/integration/tags'),
  operation('sellers.list', 'GET', '/integration/sellers'),
  operation('sellers.create', 'POST', '/integration/sellers'),
  operation('sellers.update', 'PUT', '/integration/sellers/:sellerId'),
  operation('queues.list', 'GET', '/integration/distribution_queues'),
  operation('queues.sellers', 'GET', `${QUEUE}/sellers`),
  operation('queues.redistribute', 'POST', `${QUEUE}/redistribute`),
  operation('queues.priority', 'POST', `${QUEUE}/priority`),
  operation('queues.nextSeller', 'POST', `${QUEUE}/next_seller`),
  operation('rules.create', 'POST', '/integration/distribution_rules'),
  operation('company.me', 'GET', '/integration/me'),
  operation('webhooks.subscribe', 'POST', '/integration/webhook/leads/subscribe', {
    aliases: ['/integration/leads/subscribe', '/integration/api/subscribe'],
  }),
  operation('webhooks.unsubscribe', 'POST', '/integration/webhook/leads/unsubscribe'),
] as const satisfies readonly SandboxOperation[];

export type SandboxOperationId = (typeof SANDBOX_OPERATIONS)[number]['id'];
