import { z } from 'zod';
import { found, has, queueOf, reference, referredSeller, required, text } from './call.ts';
import type { Handler } from './call.ts';
import { touch } from './crm.ts';
import type { Seller, SellerQueue, Tag } from './crm.ts';
import { pageOf } from './lead-list.ts';
import { valid } from './refusal.ts';
import { sellerOf } from './seed.ts';

/** The operations on what belongs to the company: tags, sellers, distribution queues and rules. */
export const getCompany: Handler = () => ({
  data: { id: 1, type: 'company', attributes: { name: 'Imobiliária Exemplo', email: 'contato@example.com' } },
});

export const listTags: Handler = (crm, { query }) => {
  const name = query.name?.toLowerCase() ?? '';
  const autofill = query.autofill ? ['true', '1'].includes(query.autofill) : undefined;
  const tags = [...crm.tags.values()].filter(
    ({ attributes }) =>
      attributes.name.toLowerCase().includes(name) && (autofill === undefined || attributes.autofill === autofill),
  );
  return pageOf(tags, query);
};

const truth = z.boolean('must be true or false');

export const createTag: Handler = (crm, { body }) => {
  const schema = z.looseObject({ name: required, autofill: truth.default(false), color: text.default('') });
  // Rails' own form too: {tag: {…}}.
  const attributes = has(body, 'tag') ? valid(z.looseObject({ tag: schema }), body).tag : valid(schema, body);
  const tag: Tag = { id: crm.nextNumber(), type: 'tag', attributes };
  crm.tags.set(String(tag.id), tag);
  return { data: tag };
};

export const listSellers: Handler = (crm, { query }) => pageOf([...crm.sellers.values()], query);

const sellerFields = { name: required, email: required, phone: text, active: truth };

export const createSeller: Handler = (crm, { body }) => {
  const schema = z.looseObject({ ...sellerFields, phone: text.default(''), active: truth.default(true) });
  const seller: Seller = { id: 200 + crm.nextNumber(), type: 'seller', attributes: valid(schema, body) };
  crm.sellers.set(String(seller.id), seller);
  return { data: seller };
};

export const updateSeller: Handler = (crm, { params, body }) => {
  const seller = found(crm.sellers.get(params.sellerId ?? ''), 404, 'seller');
  const sent = valid(z.looseObject(z.object(sellerFields).partial().shape, 'must be a JSON object'), body);
  seller.attributes = { ...seller.attributes, ...sent };
  return { data: seller };
};

/** Several sellers are put in a new order of rotation. */
export const timeshift: Handler = (crm, { body }) => {
  const schema = z.looseObject({ seller_ids: z.array(reference, 'is required: a list').min(1, 'is required') });
  return { data: valid(schema, body).seller_ids.map((id) => referredSeller(crm, id)) };
};

export const listQueues: Handler = (crm, { query }) => pageOf([...crm.queues.values()], query);

export const listQueueSellers: Handler = (crm, call) => {
  const { sellers } = queueOf(crm, call).attributes;
  return { data: sellers.map(({ seller_id, priority }) => ({ ...crm.sellers.get(String(seller_id)), priority })) };
};

/** The body of the request is in no source: `sellers` is an invention. */
export const setQueueSellers: Handler = (crm, call) => {
  const queue = queueOf(crm, call);
  const one = z.looseObject({ seller_id: reference, priority: z.int('must be a whole number').min(0) });
  const { sellers } = valid(z.looseObject({ sellers: z.array(one, 'is required: a list') }), call.body);
  queue.attributes.sellers = sellers.map(({ seller_id, priority }) => ({
    seller_id: referredSeller(crm, seller_id).id,
    priority,
  }));
  return { data: queue };
};

const handing = z.looseObject({ lead_id: required, seller_id: reference });

/** `{id}`, the lead alone: whoever is next in the queue gets it. */
function toNext({ attributes }: SellerQueue, body: unknown): z.output<typeof handing> {
  const { id } = valid(z.looseObject({ id: required }), body);
  const next = found(attributes.next_seller_id ?? attributes.sellers[0]?.seller_id, 422, 'next seller');
  return { lead_id: id, seller_id: next };
}

export const redistribute: Handler = (crm, call) => {
  const queue = queueOf(crm, call);
  const sent = has(call.body, 'id') ? toNext(queue, call.body) : valid(handing, call.body);
  const lead = found(crm.leads.get(sent.lead_id), 422, 'lead');
  const seller = referredSeller(crm, sent.seller_id);
  lead.attributes.seller = sellerOf(crm, seller.id);
  touch(crm, lead, 'redistribution', { queue_id: queue.id, seller_id: seller.id });
  return { data: lead };
};

export const setPriority: Handler = (crm, call) => {
  const queue = queueOf(crm, call);
  const schema = z.looseObject({ seller_id: reference, priority: z.int('must be a whole number').min(0) });
  const { seller_id, priority } = valid(schema, call.body);
  const seller = referredSeller(crm, seller_id);
  const others = queue.attributes.sellers.filter((each) => String(each.seller_id) !== String(seller.id));
  queue.attributes.sellers = [...others, { seller_id: seller.id, priority }].sort((a, b) => a.priority - b.priority);
  return { data: queue };
};

export const setNextSeller: Handler = (crm, call) => {
  const queue = queueOf(crm, call);
  const name = has(call.body, 'next_queue_seller_id') ? 'next_queue_seller_id' : 'seller_id';
  const id = valid(z.looseObject({ [name]: reference }), call.body)[name] as string | number;
  queue.attributes.next_seller_id = referredSeller(crm, id).id;
  return { data: queue };
};

export const listRules: Handler = (crm, { query }) => pageOf([...crm.rules.values()], query);

const parts = z.looseObject({}, 'must be an object');
const ruleOfQueue = z.looseObject({ name: required, queue_id: reference, conditions: parts, actions: parts });
/** The form of the support guide: a region is given to a seller. */
const ruleOfRegion = z.looseObject({
  cod_1: required,
  cod_2: text.optional(),
  priority: z.int('must be a whole number').min(0),
  type_rule: required,
  seller_id: reference,
});

export const createRule: Handler = (crm, { body }) => {
  const attributes = has(body, 'cod_1') ? valid(ruleOfRegion, body) : valid(ruleOfQueue, body);
  if ('queue_id' in attributes) found(crm.queues.get(String(attributes.queue_id)), 422, 'queue');
  else referredSeller(crm, attributes.seller_id);
  const id = String(crm.nextNumber());
  crm.rules.set(id, { id, type: 'distribution_rule', attributes });
  return { data: { id, type: 'distribution_rule', attributes } };
};
