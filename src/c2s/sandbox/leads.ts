import { z } from 'zod';
import { found, leadOf, reference, referredSeller, required, text } from './call.ts';
import type { Handler } from './call.ts';
import { leadIdOf, leadStatus, touch } from './crm.ts';
import type { CrmLead } from './crm.ts';
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
  const { seller_id } = valid(z.looseObject({ seller_id: reference }), call.body);
  const seller = referredSeller(crm, seller_id);
  lead.attributes.seller = sellerOf(crm, seller.id);
  touch(crm, lead, 'forward', { seller_id: seller.id });
  return { data: lead };
};

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
