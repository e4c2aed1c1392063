import type { Fields } from './body.ts';
import { fillIn } from './campaign-lead.ts';
import type { Campaigns } from './campaigns.ts';
import type { OperationId } from './operations.ts';

/**
 * The fields of a validated body under the names that Contact2Sale documents. `flat` leads are what the Python
 * gateway sent; some accounts are said to answer them 400 `param_data_not_found` and to want JSON:API.
 */
export type LeadForm = 'flat' | 'jsonapi';

export class Reshape {
  readonly #campaigns: Campaigns;
  readonly #leadForm: LeadForm;

  constructor(campaigns: Campaigns, leadForm: LeadForm) {
    this.#campaigns = campaigns;
    this.#leadForm = leadForm;
  }

  apply(id: OperationId, fields: Fields): Fields {
    if (id === 'leads.messages.create') return message(fields);
    return id === 'leads.create' ? this.#lead(fields) : fields;
  }

  #lead(fields: Fields): Fields {
    const flat = fields['campaign_id'] === undefined ? fields : fillIn(this.#campaigns, fields);
    if (this.#leadForm === 'flat') return flat;
    const { customer, ...attributes } = flat;
    return { data: { type: 'lead', attributes: { name: customer, ...attributes } } };
  }
}

/** Contact2Sale documents `body`; the Python gateway sent `message`. An empty type is left out, as it did. */
function message({ message: body, type, ...others }: Fields): Fields {
  return { ...others, body, ...(type === '' || type === undefined ? {} : { type }) };
}
