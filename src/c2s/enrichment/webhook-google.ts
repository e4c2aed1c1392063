import { z } from 'zod';
import { fillIn } from '../gateway/campaign-lead.ts';
import type { Campaigns } from '../gateway/campaigns.ts';
import { known } from './untyped-json.ts';
import { fieldText } from './message-text.ts';
import { isSecret } from './secret.ts';

/** The push of a lead form of Google Ads (docs/wire/enrichment.md), and the lead that is made of it. */

export interface GoogleLead {
  /** Google's id of the lead: the key by which a second delivery is recognised. */
  readonly leadId: string;
  readonly campaignId?: string;
  readonly formId?: string;
  readonly clickId?: string;
  /** Sent by Google's "send test data": to be answered, never to become a lead. */
  readonly isTest: boolean;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  /** All other answers, in the order of the form. */
  readonly answers: readonly { readonly question: string; readonly answer: string }[];
}

type ReadGoogleLead =
  | { readonly kind: 'lead'; readonly lead: GoogleLead }
  /** `google_key` is absent or wrong. Judged first: who has no key learns nothing of the rest. */
  | { readonly kind: 'wrong-key' }
  /** Names fields, never values. */
  | { readonly kind: 'malformed'; readonly reasons: readonly string[] };

/** What leads.create takes, in the gateway's dialect. */
export interface LeadCreate {
  readonly customer: string;
  readonly phone?: string;
  readonly email?: string;
  readonly product?: string;
  readonly description?: string;
  readonly source?: string;
}

/** A number beyond 2^53 has lost digits before we see it, and two leads could then pass for one. */
const isId = (value: unknown): boolean =>
  typeof value === 'string' ? /\S/.test(value) && value.length <= 256 : Number.isSafeInteger(value);
const id = z.custom<string | number>(isId, 'must be text or a whole number').transform((value) => String(value).trim());
/** The key of a lead of Google's; undefined: it is no id. */
export const googleKeyOf = (value: unknown): string | undefined => id.safeParse(value).data;
/** What only describes the lead must not cost us the lead. */
const optionalId = id.optional().catch(undefined);

const schema = z.looseObject({
  lead_id: id,
  campaign_id: optionalId,
  form_id: optionalId,
  gcl_id: optionalId,
  is_test: z.boolean('must be true or false').nullish(),
  user_column_data: z
    .array(
      z.looseObject({
        column_id: z.string().nullish(),
        column_name: z.string().nullish(),
        string_value: z.union([z.string(), z.number(), z.boolean()]).nullish(),
      }),
      'must be a list',
    )
    .nullish(),
});

/** Older forms give no column_id, only the English name of the column. */
const COLUMNS: Readonly<Record<string, 'name' | 'firstName' | 'lastName' | 'email' | 'phone'>> = {
  FULL_NAME: 'name',
  FIRST_NAME: 'firstName',
  LAST_NAME: 'lastName',
  EMAIL: 'email',
  USER_EMAIL: 'email',
  WORK_EMAIL: 'email',
  PHONE_NUMBER: 'phone',
  USER_PHONE: 'phone',
  WORK_PHONE: 'phone',
};

/** @param body parsed JSON of any shape; never throws */
export function readGoogleLead(body: unknown, googleKey: string): ReadGoogleLead {
  if (!isSecret((body as { google_key?: unknown } | null | undefined)?.google_key, googleKey))
    return { kind: 'wrong-key' };
  const read = schema.safeParse(body);
  if (!read.success) {
    return {
      kind: 'malformed',
      reasons: read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    };
  }
  const { lead_id: leadId, campaign_id: campaignId, form_id: formId, gcl_id: clickId, is_test: isTest } = read.data;
  const person = readColumns(read.data.user_column_data ?? []);
  return { kind: 'lead', lead: known({ leadId, campaignId, formId, clickId, isTest: isTest ?? false, ...person }) };
}

type GoogleColumn = NonNullable<z.output<typeof schema>['user_column_data']>[number];

/** The first value of each kind counts: a private e-mail stands before one of the office. */
function readColumns(columns: readonly GoogleColumn[]): Pick<GoogleLead, 'name' | 'email' | 'phone' | 'answers'> {
  const found: Partial<Record<(typeof COLUMNS)[string], string>> = {};
  const answers: { question: string; answer: string }[] = [];
  for (const { column_id: columnId, column_name: columnName, string_value: value } of columns) {
    const question = columnId ?? columnName ?? '';
    const text = String(value ?? '').trim();
    if (text === '') continue;
    const kind = COLUMNS[question.trim().toUpperCase().replace(/\s+/g, '_')];
    if (kind === undefined) answers.push({ question: columnName ?? question, answer: text });
    else found[kind] ??= text;
  }
  const parts = [found.firstName, found.lastName].filter((part) => part !== undefined).join(' ');
  return known({ name: found.name ?? (parts || undefined), email: found.email, phone: found.phone, answers });
}

/** The line of a lead's description that says from which push it came: so that one can tell whether it was created. */
export const googleLeadLine = (leadId: string): string => `Lead Google Ads: ${fieldText(leadId)}`;

/** A lead must have a name in Contact2Sale; not every form asks for one. */
const NAMELESS = 'Lead do Google Ads';

/** The body for leads.create. Product, description and source are the campaign's, where it is mapped. */
export function toLeadCreate(lead: GoogleLead, campaigns: Campaigns): LeadCreate {
  const { leadId, campaignId, name, email, phone, answers } = lead;
  const customer = fieldText(name ?? '') || email || phone || NAMELESS;
  const sent = known({ customer, phone, email });
  const filled =
    campaignId === undefined ? {} : fillIn(campaigns, { ...sent, ...campaignOf(campaigns, campaignId, leadId) });
  const { product, description, source } = filled as { product?: string; description?: string; source?: string };
  const lines = [
    description,
    ...answers.map(({ question, answer }) => `${fieldText(question)}: ${fieldText(answer)}`),
    googleLeadLine(leadId),
  ];
  return known({
    ...sent,
    product,
    description: lines.filter((line) => line !== undefined && line !== '').join('\n'),
    source: source ?? campaigns.defaultSource?.name ?? 'Google Ads',
  });
}

/** The id of the lead is only for templates that name it; an unmapped campaign would repeat our own line. */
const campaignOf = (campaigns: Campaigns, campaignId: string, leadId: string) =>
  campaigns.get(campaignId) ? { campaign_id: campaignId, lead_id: leadId } : { campaign_id: campaignId };
