import { z } from 'zod';

/**
 * What answers look like, for the OpenAPI document. They are descriptions, not gates: answers pass through byte by
 * byte, and what Contact2Sale adds to them arrives.
 */

const id = z.union([z.string(), z.number()]);
const named = z.looseObject({ id: id.optional(), name: z.string().nullish() });
const person = z.looseObject({ id: id.optional(), name: z.string().nullish(), email: z.string().nullish() });

const lead = z
  .looseObject({
    id,
    type: z.string().optional(),
    internal_id: id.optional(),
    attributes: z.looseObject({
      description: z.string().nullish(),
      observation: z.string().nullish(),
      created_at: z.string().optional(),
      updated_at: z.string().optional(),
      customer: z
        .looseObject({
          id: id.optional(),
          name: z.string().nullish(),
          email: z.string().nullish(),
          phone: z.string().nullish(),
          phone2: z.string().nullish(),
          phone_global: z.string().nullish(),
        })
        .optional(),
      product: z
        .looseObject({ id: id.optional(), description: z.string().nullish(), prop_ref: z.string().nullish() })
        .optional(),
      seller: person.nullish(),
      lead_source: named.optional(),
      channel: z.looseObject({ name: z.string().nullish() }).optional(),
      lead_status: z
        .looseObject({ id: id.optional(), alias: z.string().optional(), name: z.string().nullish() })
        .optional(),
      done_details: z.looseObject({ done: z.boolean().optional() }).optional(),
      archive_details: z.looseObject({ archived: z.boolean().optional() }).optional(),
      messages: z.array(z.unknown()).optional(),
      log: z.array(z.unknown()).optional(),
    }),
  })
  .meta({ id: 'Lead' });

const page = z
  .looseObject({ total: z.number(), page: z.number(), perpage: z.number() })
  .partial()
  .meta({ id: 'PageMeta' });
export const leadDocument = z.looseObject({ data: lead }).meta({ id: 'LeadDocument' });
export const leadList = z.looseObject({ data: z.array(lead), meta: page.optional() }).meta({ id: 'LeadList' });

const resource = z
  .looseObject({ id: id.optional(), type: z.string().optional(), attributes: z.looseObject({}).optional() })
  .meta({ id: 'Resource' });
export const document = z.looseObject({ data: resource.optional() }).meta({ id: 'ResourceDocument' });
export const list = z
  .looseObject({ data: z.array(resource).optional(), meta: page.optional() })
  .meta({ id: 'ResourceList' });
export const free = z.looseObject({}).meta({ id: 'AnyObject' });

export const validationError = z
  .object({
    detail: z.array(
      z.object({
        type: z.string(),
        loc: z.array(z.union([z.string(), z.int()])),
        msg: z.string(),
        ctx: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      }),
    ),
  })
  .meta({ id: 'HTTPValidationError', description: "FastAPI's shape, in the words of pydantic 2" });

export const detail = z.object({ detail: z.string() }).meta({ id: 'Detail' });
export const problemDocument = z
  .looseObject({
    type: z.string(),
    status: z.int(),
    title: z.string(),
    detail: z.string(),
    outcome: z
      .enum(['unsent', 'unknown'])
      .optional()
      .meta({ description: 'Of a write: unsent may be sent again, unknown may have reached Contact2Sale.' }),
    requestId: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });
