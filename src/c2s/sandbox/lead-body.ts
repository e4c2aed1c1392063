import { z } from 'zod';
import { required, reference, text } from './call.ts';
import { LEAD_STATUSES, leadStatus } from './crm.ts';
import type { Crm, LeadAttributes } from './crm.ts';
import { Refusal, valid } from './refusal.ts';
import { sellerOf } from './seed.ts';

/**
 * The two forms in which a lead is sent: flat, and JSON:API where the customer's name is `attributes.name`.
 * Both come out as the same fields. What neither form knows stays on the lead, so that a test can see that nothing
 * was dropped on the way.
 */
const fields = z.looseObject({
  customer: required.optional(),
  phone: text.optional(),
  email: text.optional(),
  product: text.optional(),
  description: text.optional(),
  source: text.optional(),
  seller_id: reference.optional(),
  status: z.enum(Object.keys(LEAD_STATUSES), 'is no known status').optional(),
});
type LeadFields = z.output<typeof fields>;

const jsonApi = z.looseObject({
  type: z.literal('lead', 'must be "lead"'),
  attributes: z.looseObject({}, 'is required'),
});

/** Reads either form; 422 when a field is wrong. */
export function readLeadBody(body: unknown): LeadFields {
  const flat = valid(z.looseObject({}, 'must be a JSON object'), body);
  if (!('data' in flat)) return valid(fields, flat);
  const { data, ...beside } = flat;
  const { name, ...attributes } = valid(jsonApi, data).attributes;
  return valid(fields, { ...beside, ...attributes, ...(name === undefined ? {} : { customer: name }) });
}

/** A new lead's attributes. 422 without a customer. */
export function newLeadAttributes(crm: Crm, body: unknown, customerId: number): LeadAttributes {
  const sent = readLeadBody(body);
  if (sent.customer === undefined) throw new Refusal(422, 'customer: is required');
  const now = crm.now();
  const blank: LeadAttributes = {
    description: '',
    created_at: now,
    updated_at: now,
    customer: { id: customerId, name: sent.customer, email: '', phone: '' },
    product: {},
    seller: null,
    lead_source: { id: 1, name: 'API' },
    channel: { name: 'API' },
    lead_status: leadStatus('novo'),
    done_details: { done: false },
    archive_details: { archived: false },
    messages: [],
    log: [],
  };
  return withFields(crm, blank, sent);
}

/** The attributes with the fields that were sent put in their places. 422 for a seller that does not exist. */
export function withFields(crm: Crm, before: LeadAttributes, sent: LeadFields): LeadAttributes {
  const { customer, phone, email, product, description, source, seller_id, status, ...unknown } = sent;
  const seller = seller_id === undefined ? before.seller : sellerOf(crm, seller_id);
  if (seller_id !== undefined && seller === null) throw new Refusal(422, 'seller not found');
  return {
    ...before,
    ...withoutOwnFields(unknown),
    customer: {
      ...before.customer,
      name: customer ?? before.customer.name,
      phone: phone ?? before.customer.phone,
      email: email ?? before.customer.email,
    },
    product: product === undefined ? before.product : { ...before.product, description: product },
    description: description ?? before.description,
    lead_source: source === undefined ? before.lead_source : { ...before.lead_source, name: source },
    seller,
    lead_status: status === undefined ? before.lead_status : leadStatus(status),
  };
}

/** What Contact2Sale itself writes; a sender's field of the same name must not stand in its place. */
const OWN_FIELDS: readonly string[] = [
  'created_at',
  'updated_at',
  'lead_source',
  'channel',
  'lead_status',
  'seller',
  'done_details',
  'archive_details',
  'messages',
  'log',
];

function withoutOwnFields(sent: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(sent).filter(([name]) => !OWN_FIELDS.includes(name)));
}
