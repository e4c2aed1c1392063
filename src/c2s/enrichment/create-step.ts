import { writeAtMostOnce, type OnceContext } from './at-most-once.ts';
import type { FacadeClient } from './facade-client.ts';
import { withDefaults, type NewLead, type NewLeadDefaults } from './google-lead.ts';
import type { Enrichment } from './repository.ts';
import { end, next, type StepEnd } from './step-end.ts';

/**
 * create: the lead of an advertisement form, in Contact2Sale; at most once (at-most-once.ts). The lead is recognised by
 * the line in its description that names the push it came from.
 */

interface CreateContext extends OnceContext {
  readonly facade: FacadeClient;
  /** As they are now. */
  readonly newLead: NewLeadDefaults;
}

export async function createStep(row: Enrichment, context: CreateContext): Promise<StepEnd> {
  const { newLead } = row.progress;
  if (!newLead) return end('unknown', { reason: 'lead_unknown' });
  const { facade } = context;
  // Before the intent, so that the write follows it at once. Asked at every try, as nobody kept the last answer.
  const body = withDefaults(await withProduct(newLead, facade, row.id), context.newLead);
  return writeAtMostOnce<string>(row, context, {
    async look() {
      const found = await facade.findLead(body, newLead.line, row.id);
      return found.kind === 'found' ? { kind: 'there', found: found.leadId } : found;
    },
    write: () => facade.createLead(body, row.id),
    done: (leadId) => created(leadId, newLead),
    refused: 'lead_refused',
    unknown: 'lead_unknown',
  });
}

/** The name of the ad group, where no campaign says the product. Without an answer the lead is created without one. */
async function withProduct({ body, googleLeadId }: NewLead, facade: FacadeClient, requestId: string) {
  if (body.product !== undefined || googleLeadId === undefined) return body;
  const product = await facade.resolveProduct(googleLeadId, requestId);
  return product === undefined ? body : { ...body, product };
}

/** From here on the row is the lead's; the intents of the message begin at none. */
const created = (leadId: string, { form }: NewLead): StepEnd =>
  next({ step: 'lead', leadId, progress: form ? { form } : {} });
