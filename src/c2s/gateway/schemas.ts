import { z } from 'zod';
import { flag, integer, numberAbove, text } from './fields.ts';

/**
 * What every operation accepts: the one source of validation, of the types and of the OpenAPI document.
 * All objects are loose: a field that is not listed is kept and sent on, as Contact2Sale may know it.
 * `nullish` fields that are null are left out of what is sent, as the Python gateway did.
 */

const optional = () => text().nullish();

export const leadsQuery = z.object({
  page: integer(1).optional().meta({ description: 'Default 1.' }),
  perpage: integer(1, 50).optional().meta({ description: 'Default and limit 50.' }),
  sort: text().optional().meta({ description: '`created_at` or `updated_at`, with a `-` in front for descending.' }),
  created_gte: text().optional(),
  created_lt: text().optional(),
  updated_gte: text().optional(),
  updated_lt: text().optional(),
  status: text().optional(),
  phone: text().optional().meta({ description: 'A plus sign is `%2B`; a bare `+` is a space.' }),
  email: text().optional(),
  tags: text().optional(),
});
export const tagsQuery = z.object({ name: text().optional(), autofill: flag().optional() });
export const resolveSourceQuery = z.object({
  form_id: text().optional(),
  ad_group_id: text().optional(),
  campaign_id: text().optional(),
  google_lead_id: text().optional(),
});

export const leadCreate = z.looseObject({
  customer: text().meta({ description: 'Name of the person.' }),
  phone: optional(),
  email: optional(),
  product: optional(),
  description: optional(),
  source: optional(),
  seller_id: optional(),
  campaign_id: optional().meta({
    description:
      'Not sent on: product, description and source that are left out are filled in from config/campaigns.json.',
  }),
  lead_id: optional().meta({ description: 'Id of the advertisement lead; only beside a campaign_id.' }),
});
export const leadUpdate = z.looseObject({
  customer: optional(),
  product: optional(),
  description: optional(),
  phone: optional(),
  email: optional(),
  source: optional(),
  status: optional(),
});
export const leadForward = z.looseObject({ seller_id: text() });
export const leadTag = z.looseObject({ tag_id: text() });
export const leadMessage = z.looseObject({
  message: text().meta({ description: 'Reaches Contact2Sale as `body`, the name it documents.' }),
  type: optional(),
});
export const leadVisit = z.looseObject({ visit_date: text(), description: optional() });
export const leadActivity = z.looseObject({ type: text(), description: text(), date: optional() });
export const leadDeal = z.looseObject({ value: numberAbove(0), description: optional() });

export const tagCreate = z.looseObject({ name: text(), autofill: flag().default(false), color: optional() });
export const sellerCreate = z.looseObject({
  name: text(),
  email: text(),
  phone: optional(),
  active: flag().nullable().default(true),
});
export const sellerUpdate = z.looseObject({
  name: optional(),
  email: optional(),
  phone: optional(),
  active: flag().nullish(),
});

export const queueRedistribute = z.looseObject({ lead_id: text(), seller_id: text() });
export const queuePriority = z.looseObject({ seller_id: text(), priority: integer(0) });
export const queueNextSeller = z.looseObject({ seller_id: text() });
const anything = z.record(z.string(), z.unknown());
export const ruleCreate = z.looseObject({ name: text(), queue_id: text(), conditions: anything, actions: anything });

export const webhookSubscribe = z.looseObject({ url: text(), events: z.array(text()) });
export const webhookUnsubscribe = z.looseObject({ url: text() });

export const campaignLead = z.looseObject({
  name: text(),
  email: optional(),
  phone: optional(),
  campaign_id: text(),
  lead_id: optional(),
});
