import { z } from 'zod';
import { parseJsonFile } from './config-files.ts';

/**
 * config/campaigns.json: what an advertisement's campaign id means. The shape is that of the Python gateway's
 * campaign_mapping.json, so an existing file loads as it is. A placeholder that nobody can fill is refused when the
 * file is read, not when the first lead of that campaign arrives.
 */

const scalar = z.union([z.string(), z.number()]);
const leadSource = z.looseObject({ id: scalar.optional(), name: z.string().optional() });

/** What a template may name, in braces: `Olá {name}, sobre {description}`. */
const PLACEHOLDERS = [
  'name',
  'email',
  'phone',
  'campaign_id',
  'lead_id',
  'campaign_name',
  'description',
  'prop_ref',
  'neighbourhood',
  'city',
  'price',
  'price_display',
  'type',
  'area',
  'bedrooms',
  'parking',
  'features',
  'building_name',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

const template = z
  .string()
  .refine(
    (text) =>
      [...text.matchAll(/\{(\w+)\}/g)].every(([, name]) => (PLACEHOLDERS as readonly string[]).includes(name ?? '')),
    { error: `holds an unknown placeholder; known are ${PLACEHOLDERS.join(', ')}` },
  );

const campaignSchema = z.looseObject({
  campaign_name: z.string().optional(),
  campaign_type: z.string().optional(),
  property: z
    .looseObject({
      description: z.string().optional(),
      prop_ref: scalar.optional(),
      neighbourhood: z.string().optional(),
      city: z.string().optional(),
      price: scalar.optional(),
      price_display: z.string().optional(),
    })
    .default({}),
  lead_source: leadSource.optional(),
  product_details: z
    .looseObject({
      type: z.string().optional(),
      area: scalar.optional(),
      bedrooms: scalar.optional(),
      parking: scalar.optional(),
      features: z.array(z.string()).optional(),
      building_name: z.string().optional(),
    })
    .default({}),
  message_template: template.optional(),
});

export const campaignsFile = z.looseObject({
  google_ads_campaigns: z.record(z.string(), campaignSchema).default({}),
  default_lead_source: z.union([leadSource, z.string()]).optional(),
  mapping_version: scalar.optional(),
});

export type Campaign = z.output<typeof campaignSchema>;
type CampaignMapping = z.output<typeof campaignsFile>;

export const parseCampaigns = (text: string): CampaignMapping => parseJsonFile(campaignsFile, text);

/** Unmapped ids that are remembered; callers choose the ids, so there must be an end. */
const MAX_UNMAPPED_IDS = 200;

/** The mapping in use, and which campaigns were asked for that it lacks. */
export class Campaigns {
  #mapping: CampaignMapping;
  readonly #unmapped = new Map<string, number>();

  readonly #onLookUp: (mapped: boolean) => void;

  /** @param onLookUp called for every {@link lookUp} */
  constructor(onLookUp: (mapped: boolean) => void, mapping: CampaignMapping = campaignsFile.parse({})) {
    this.#onLookUp = onLookUp;
    this.#mapping = mapping;
  }

  /** Takes a new mapping whole; ids that it now holds are no longer listed as unmapped. */
  replace(mapping: CampaignMapping): void {
    this.#mapping = mapping;
    for (const id of this.#unmapped.keys()) if (this.get(id)) this.#unmapped.delete(id);
  }

  get(id: string): Campaign | undefined {
    const { google_ads_campaigns: campaigns } = this.#mapping;
    return Object.hasOwn(campaigns, id) ? campaigns[id] : undefined;
  }

  /** Like `get`, and notes an id that is not mapped. */
  lookUp(id: string): Campaign | undefined {
    const campaign = this.get(id);
    this.#onLookUp(campaign !== undefined);
    if (!campaign && (this.#unmapped.has(id) || this.#unmapped.size < MAX_UNMAPPED_IDS)) {
      this.#unmapped.set(id, (this.#unmapped.get(id) ?? 0) + 1);
    }
    return campaign;
  }

  get defaultSource(): z.output<typeof leadSource> | undefined {
    const source = this.#mapping.default_lead_source;
    return typeof source === 'string' ? { name: source } : source;
  }

  get version(): string | number | undefined {
    return this.#mapping.mapping_version;
  }

  /** How often each unmapped campaign was asked for. */
  get unmapped(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#unmapped);
  }
}
