import { z } from 'zod';
import { found, has, leadOf, reference, referredSeller, required, text } from './call.ts';
import type { Handler } from './call.ts';
import { leadIdOf, leadStatus, touch } from './crm.ts';
import type { Crm, CrmLead } from './crm.ts';
import { newLeadAttributes, readLeadBody, withFields } from './lead-body.ts';
import { pageOf, selectLeads } from './lead-list.ts';
import { valid } from './refusal.ts';
import { sellerOf } from './seed.ts';

/** The operations on leads. What happens to a lead can be read back in its `messages` and `log`. */
export const listLeads: Handler = (crm, { query }) => pageOf(selectLeads(crm, query), query);

export const getLead: Handler = (crm, call) => ({ data: leadOf(crm, call) });

export const createLead: Handler = (crm, { body }) => {
  const number = crm.nextNumber();
  const attributes = newLeadAttributes(crm, body, 7_000 + number);
  const lead: CrmLead = { id: leadIdOf(number), type: 'lead', internal_id: 9_000 + number, attributes };
  crm.leads.set(lead.id, lead);
  return { data: lead };
};

export const updateLead: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  lead.attributes = withFields(crm, lead.attributes, readLeadBody(call.body));
  touch(crm, lead, 'update', {});
  return { data: lead };
};

export const forwardLead: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const seller = referredSeller(crm, has(call.body, 'seller_to_id') ? handedTo(crm, call.body) : chosen(call.body));
  lead.attributes.seller = sellerOf(crm, seller.id);
  touch(crm, lead, 'forward', { seller_id: seller.id });
  return { data: lead };
};

const chosen = (body: unknown) => valid(z.looseObject({ seller_id: reference }), body).seller_id;

/** The form of PUT: from one seller to another. */
function handedTo(crm: Crm, body: unknown): string | number {
  const sent = valid(z.looseObject({ seller_from_id: reference, seller_to_id: reference }), body);
  referredSeller(crm, sent.seller_from_id);
  return sent.seller_to_id;
}

/** By number; the one that is described is 3: lost, and put away. */
export const setStatus: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const status = z.int('must be a whole number').positive('must be above 0');
  const lost_reason_ids = z.array(z.int('must be a whole number'), 'must be a list').optional();
  const sent = valid(z.looseObject({ status, message: text.optional(), lost_reason_ids }), call.body);
  if (sent.status === LOST) {
    lead.attributes.archive_details = { archived: true };
    lead.attributes.lead_status = leadStatus('arquivado');
  }
  touch(crm, lead, 'status', sent);
  return { data: lead };
};

const LOST = 3;

export const listLeadTags: Handler = (crm, call) => {
  const ids = crm.leadTags.get(leadOf(crm, call).id) ?? [];
  return { data: [...ids].map((id) => crm.tags.get(id)) };
};

export const addLeadTag: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const { tag_id } = valid(z.looseObject({ tag_id: reference }), call.body);
  const tag = found(crm.tags.get(String(tag_id)), 422, 'tag');
  const tags = crm.leadTags.get(lead.id) ?? new Set();
  crm.leadTags.set(lead.id, tags.add(String(tag.id)));
  touch(crm, lead, 'tag', { tag_id: tag.id });
  return { data: tag };
};

/** One tag, or several at once. */
export const removeLeadTags: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const several = z.array(reference).min(1, 'is required');
  const { tag_id } = valid(z.looseObject({ tag_id: z.union([reference, several], 'is required') }), call.body);
  const ids = (Array.isArray(tag_id) ? tag_id : [tag_id]).map(String);
  const tags = crm.leadTags.get(lead.id) ?? new Set();
  for (const id of ids) found(tags.has(id) ? id : undefined, 422, 'tag of the lead');
  for (const id of ids) tags.delete(id);
  touch(crm, lead, 'untag', { tag_id });
  return { data: [...tags].map((id) => crm.tags.get(id)) };
};

export const markInteracted: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  touch(crm, lead, 'interaction', {});
  return { data: lead };
};

/** The text is `body`, as documented. A body with `message` alone is refused: whoever sends that has a message lost. */
export const createMessage: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const { body, type = 'note' } = valid(z.looseObject({ body: required, type: text.optional() }), call.body);
  const number = lead.attributes.messages.length + 1;
  const message = { id: `${lead.id}-${number}`, body, type, created_at: crm.now() };
  lead.attributes.messages.push(message);
  touch(crm, lead, 'message', { message_id: message.id });
  return { data: { id: message.id, type: 'message', attributes: message } };
};

export const closeDeal: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const value = z.number('must be a number').positive('must be above 0');
  const deal = valid(z.looseObject({ value, description: text.optional() }), call.body);
  lead.attributes.done_details = { ...deal, done: true };
  lead.attributes.lead_status = leadStatus('negocio_fechado');
  touch(crm, lead, 'deal', deal);
  return { data: lead };
};

export const createVisit: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const visit = valid(z.looseObject({ visit_date: required, description: text.optional() }), call.body);
  return { data: { type: 'visit', attributes: touch(crm, lead, 'visit', visit) } };
};

export const createActivity: Handler = (crm, call) => {
  const lead = leadOf(crm, call);
  const schema = z.looseObject({ type: required, description: required, date: text.optional() });
  const { type, ...activity } = valid(schema, call.body);
  return { data: { type: 'activity', attributes: touch(crm, lead, 'activity', { ...activity, activity_type: type }) } };
};
