import { writeAtMostOnce, type OnceContext } from './at-most-once.ts';
import type { FacadeClient } from './facade-client.ts';
import type { Enrichment } from './repository.ts';
import { end, next, type StepEnd } from './step-end.ts';

/**
 * create: the lead of an advertisement form, in Contact2Sale; at most once (at-most-once.ts). The lead is recognised by
 * the line in its description that names the push it came from.
 */

interface CreateContext extends OnceContext {
  readonly facade: FacadeClient;
}

export async function createStep(row: Enrichment, context: CreateContext): Promise<StepEnd> {
  const { newLead } = row.progress;
  if (!newLead) return end('unknown', { reason: 'lead_unknown' });
  const { facade } = context;
  return writeAtMostOnce<string>(row, context, {
    async look() {
      const found = await facade.findLead(newLead.body, newLead.line, row.id);
      return found.kind === 'found' ? { kind: 'there', found: found.leadId } : found;
    },
    write: () => facade.createLead(newLead.body, row.id),
    done: created,
    refused: 'lead_refused',
    unknown: 'lead_unknown',
  });
}

/** From here on the row is the lead's; the intents of the message begin at none. */
const created = (leadId: string): StepEnd => next({ step: 'lead', leadId, progress: {} });
