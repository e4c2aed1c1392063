import type { FacadeClient, Write } from './facade-client.ts';
import type { Enrichment } from './ledger.ts';
import { again, end, next, type StepEnd } from './step-end.ts';

/**
 * create: the lead of an advertisement form, in Contact2Sale; at most once, as the message. A lead whose creation was
 * cut off is looked for by the line in its description that names the push it came from.
 */

interface CreateContext {
  readonly facade: FacadeClient;
  /** Milliseconds; see StepSettings. */
  readonly settleMs: number;
  readonly intend: () => Promise<void>;
  readonly answered: () => void;
}

export async function createStep(row: Enrichment, context: CreateContext): Promise<StepEnd> {
  const { newLead } = row.progress;
  if (!newLead) return end('unknown', { reason: 'lead_unknown' });
  if (row.sendAge !== null && row.sendOutcome !== 'unsent') {
    const found = await context.facade.findLead(newLead.body, newLead.line, row.id);
    if (found.kind === 'found') return created(found.leadId);
    if (found.kind === 'failed') return again('crm_unavailable', { retryAfter: found.retryAfter });
    if (found.kind === 'cannot-tell') return end('unknown', { reason: 'lead_unknown', sendOutcome: 'unknown' });
    const left = context.settleMs - row.sendAge;
    if (left > 0) return again('settling', { wait: left });
    // As with the message (send-step.ts).
    if (row.sendOutcome !== null) return again('crm_unavailable', { sendOutcome: 'unsent' });
  }
  await context.intend();
  const write = await context.facade.createLead(newLead.body, row.id);
  context.answered();
  return endOf(write, context.settleMs);
}

function endOf(write: Write, settleMs: number): StepEnd {
  switch (write.kind) {
    case 'sent':
      // Without an id nobody can go on; the lead is there, and its own push may bring it here again.
      return write.id === undefined
        ? end('unknown', { reason: 'lead_unknown', sendOutcome: 'sent' })
        : created(write.id);
    case 'refused':
      return end('refused', { reason: 'lead_refused', sendOutcome: 'refused' });
    case 'unsent':
      return again('crm_unavailable', { retryAfter: write.retryAfter, sendOutcome: 'unsent' });
    case 'unknown':
      return again('settling', { wait: settleMs / 20, sendOutcome: 'unknown' });
  }
}

/** From here on the row is the lead's; the intents of the message begin at none. */
const created = (leadId: string): StepEnd => next({ step: 'lead', leadId, progress: {} });
