import { fillIn } from '../gateway/campaign-lead.ts';
import type { Campaigns } from '../gateway/campaigns.ts';
import type { Cpf } from './cpf.ts';
import { clipped, fieldText, lineOf } from './message-text.ts';
import { diretrixPhones } from './phone.ts';
import { known } from './untyped-json.ts';
import type { GoogleLead } from './webhook-google.ts';

/** The lead that is made of a push of Google Ads, and what its form says beside it. */

/** What leads.create takes, in the gateway's dialect; `type_negotiation` is Contact2Sale's alone. */
export interface LeadCreate {
  readonly customer: string;
  readonly phone?: string;
  readonly email?: string;
  readonly product?: string;
  readonly description?: string;
  readonly source?: string;
  readonly seller_id?: string;
  readonly type_negotiation?: string;
}

/** What the person wrote into the form, for the enrichment: the lead has room for one phone and one e-mail. Personal. */
export interface FormContacts {
  /** In the form of Diretrix. */
  readonly phones: readonly string[];
  readonly emails: readonly string[];
  readonly cpf?: Cpf;
  readonly name?: string;
}

/** A lead that is still to be created. */
export interface NewLead {
  readonly body: LeadCreate;
  /** By which it is recognised in its description. */
  readonly line: string;
  readonly form?: FormContacts;
  /** Google's id, by which the product is asked for where the body has none. */
  readonly googleLeadId?: string;
}

export interface NewLeadSettings {
  readonly campaigns: Campaigns;
  /** Of the description, in UTF-16 units. */
  readonly maxLength: number;
}

/**
 * What the settings say of every new lead. Taken when the lead is created and never kept with it: a retry after a wrong
 * setting was corrected must not repeat the wrong one.
 */
export interface NewLeadDefaults {
  /** Who gets the lead; undefined: Contact2Sale decides. */
  readonly sellerId: string | undefined;
  /** Empty: it is not sent. */
  readonly typeNegotiation: string;
}

/** The body that is sent. */
export const withDefaults = (body: LeadCreate, { sellerId, typeNegotiation }: NewLeadDefaults): LeadCreate =>
  known({ ...body, seller_id: sellerId, type_negotiation: typeNegotiation === '' ? undefined : typeNegotiation });

/** The line of a lead's description that says from which push it came: so that one can tell whether it was created. */
export const googleLeadLine = (leadId: string): string => `Lead Google Ads: ${fieldText(leadId)}`;

/** A lead must have a name in Contact2Sale; not every form asks for one. */
const NAMELESS = 'Lead do Google Ads';
/** UTF-16 units of one answer. */
const MAX_ANSWER_LENGTH = 1_000;

export function newLeadOf(lead: GoogleLead, settings: NewLeadSettings): NewLead {
  const { leadId, name, emails, phones, cpf } = lead;
  const form = known({ phones: diretrixPhones(phones), emails, cpf, name: fieldText(name ?? '') || undefined });
  const line = googleLeadLine(leadId);
  return { body: toLeadCreate(lead, settings), line, form, googleLeadId: leadId };
}

/** The body for leads.create, but for what the settings say of every lead. Product, description and source are the campaign's, where it is mapped. */
export function toLeadCreate(lead: GoogleLead, settings: NewLeadSettings): LeadCreate {
  const { campaigns, maxLength } = settings;
  const { leadId, campaignId, name, emails, phones } = lead;
  const [email] = emails;
  const [phone] = phones;
  const sent = known({ customer: fieldText(name ?? '') || email || phone || NAMELESS, phone, email });
  const filled =
    campaignId === undefined ? {} : fillIn(campaigns, { ...sent, ...campaignOf(campaigns, campaignId, leadId) });
  const { product, description, source } = filled as { product?: string; description?: string; source?: string };
  return known({
    ...sent,
    product,
    description: descriptionOf(lead, description, maxLength),
    source: source ?? campaigns.defaultSource?.name ?? 'Google Ads',
  });
}

/** Cut in front of its last line, which says whose lead it is: without that a lead that was created would not be found again. */
function descriptionOf(lead: GoogleLead, campaign: string | undefined, maxLength: number): string {
  const { leadId, formId, clickId, emails, phones, answers } = lead;
  const lines = [
    campaign,
    formId === undefined ? undefined : `Formulário ID: ${fieldText(formId)}`,
    clickId === undefined ? undefined : `GCLID: ${lineOf(clickId, MAX_ANSWER_LENGTH)}`,
    ...phones.slice(1).map((phone) => `Outro telefone: ${phone}`),
    ...emails.slice(1).map((email) => `Outro e-mail: ${email}`),
    ...answers.map(({ question, answer }) => `${fieldText(question)}: ${lineOf(answer, MAX_ANSWER_LENGTH)}`),
  ];
  const last = googleLeadLine(leadId);
  const text = lines.filter((line) => line !== undefined && line !== '').join('\n');
  return text === '' ? last : `${clipped(text, maxLength - last.length - 1)}\n${last}`;
}

/** The id of the lead is only for templates that name it; an unmapped campaign would repeat our own line. */
const campaignOf = (campaigns: Campaigns, campaignId: string, leadId: string) =>
  campaigns.get(campaignId) ? { campaign_id: campaignId, lead_id: leadId } : { campaign_id: campaignId };
