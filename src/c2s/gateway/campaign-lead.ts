import type { Fields } from './body.ts';
import type { Campaign, Campaigns, Placeholder } from './campaigns.ts';

/** What a campaign makes of a person who answered its advertisement. Pure but for the count of unmapped campaigns. */

interface CampaignLead {
  readonly mapped: boolean;
  readonly mapping_version?: string | number;
  readonly lead: {
    readonly customer: { readonly name: string; readonly email?: string; readonly phone?: string };
    readonly product: {
      readonly description?: string;
      readonly prop_ref?: string | number;
      readonly price?: string | number;
    };
    readonly lead_source?: { readonly id?: string | number; readonly name?: string };
    readonly body: string;
    readonly url?: string;
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Only what is there: an absent key says "unknown", a null would say "empty it". */
const present = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

/** Fields as validated by `campaignLead`. */
export function enrich(campaigns: Campaigns, fields: Fields): CampaignLead {
  const campaign = campaigns.lookUp(textOf(fields['campaign_id']) ?? '');
  const { property } = campaign ?? {};
  return present({
    mapped: campaign !== undefined,
    mapping_version: campaigns.version,
    lead: present({
      customer: present({
        name: textOf(fields['name']) ?? '',
        email: textOf(fields['email']),
        phone: textOf(fields['phone']),
      }),
      product: present({ description: property?.description, prop_ref: property?.prop_ref, price: property?.price }),
      lead_source: campaign?.lead_source ?? campaigns.defaultSource,
      body: bodyOf(campaign, fields),
      url: textOf(fields['url']),
    }),
  });
}

/**
 * A lead with `campaign_id`, for Contact2Sale: what the caller left out of product, description and source is
 * filled in. What the caller wrote always wins, and the ids that Contact2Sale does not know go no further.
 */
export function fillIn(campaigns: Campaigns, fields: Fields): Fields {
  const { campaign_id: campaignId, lead_id: leadId, ...sent } = fields;
  const asked = { ...sent, name: sent['customer'], campaign_id: campaignId, lead_id: leadId };
  const { lead } = enrich(campaigns, asked);
  const source = lead.lead_source?.name ?? lead.lead_source?.id;
  const filled = {
    product: lead.product.description,
    description: lead.body,
    source: source === undefined ? undefined : String(source),
  };
  return { ...present(filled), ...sent };
}

function bodyOf(campaign: Campaign | undefined, fields: Fields): string {
  if (campaign?.message_template !== undefined) return fillTemplate(campaign.message_template, campaign, fields);
  const { property, campaign_name: name } = campaign ?? {};
  const lines = [
    name === undefined ? undefined : `Campanha: ${name}`,
    property?.description === undefined ? undefined : `Imóvel: ${property.description}`,
    property?.prop_ref === undefined ? undefined : `Referência: ${property.prop_ref}`,
    property?.price_display === undefined ? undefined : `Preço: ${property.price_display}`,
    campaign ? undefined : `Campanha: ${textOf(fields['campaign_id']) ?? ''}`,
    campaign || !textOf(fields['lead_id']) ? undefined : `Lead: ${textOf(fields['lead_id'])}`,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

function fillTemplate(template: string, campaign: Campaign, fields: Fields): string {
  const { property, product_details: details } = campaign;
  const values: Record<Placeholder, string | number | undefined> = {
    name: textOf(fields['name']),
    email: textOf(fields['email']),
    phone: textOf(fields['phone']),
    campaign_id: textOf(fields['campaign_id']),
    lead_id: textOf(fields['lead_id']),
    campaign_name: campaign.campaign_name,
    description: property.description,
    prop_ref: property.prop_ref,
    neighbourhood: property.neighbourhood,
    city: property.city,
    price: property.price,
    price_display: property.price_display,
    type: details.type,
    area: details.area,
    bedrooms: details.bedrooms,
    parking: details.parking,
    features: details.features?.join(', '),
    building_name: details.building_name,
  };
  return template.replace(/\{(\w+)\}/g, (_whole, name: Placeholder) => String(values[name] ?? ''));
}
