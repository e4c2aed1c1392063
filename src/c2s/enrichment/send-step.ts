import type { Write } from './facade-client.ts';
import { readLead } from './lead.ts';
import type { Enrichment } from './ledger.ts';
import { findMarked, markerOf } from './marker.ts';
import type { Ports, StepSettings } from './ports.ts';
import { again, end, next, type StepEnd } from './step-end.ts';
import { isWhole } from './steps.ts';

/**
 * send: at most once. The intent is written down before the message leaves and what came of it afterwards. A row with
 * an intent and no outcome was cut off in between, and only the lead itself can tell whether the message is there: our
 * marker is in it, or it is not, and that means "no" only after so long that a write under way cannot arrive any more.
 * Where the lead does not show its messages nothing is sent again; a human looks.
 */

interface SendContext {
  readonly facade: Ports['facade'];
  readonly settings: StepSettings;
  /** Writes the intent down; rejects when this process may not send. */
  readonly intend: () => Promise<void>;
  /** The answer is there, and not yet written down. */
  readonly answered: () => void;
}

/** Part of the settle time after which a first look is taken: most messages whose answer was lost are there by then. */
const FIRST_LOOK = 20;

export async function sendStep(row: Enrichment, context: SendContext): Promise<StepEnd> {
  // 1. Sent before, or perhaps sent: the lead knows.
  const isOpen = row.sendAge !== null && row.sendOutcome !== 'unsent';
  if (isOpen) {
    const verdict = await resolve(row, context);
    if (verdict) return verdict;
  }
  // 2. Not there: send.
  if (row.message === null) return next({ step: 'lead' });
  await context.intend();
  const write = await context.facade.createMessage(row.leadId, row.message, row.id);
  context.answered();
  // 3. What came of it.
  return endOf(write, row, context.settings);
}

function endOf(write: Write, row: Enrichment, { settleMs }: StepSettings): StepEnd {
  switch (write.kind) {
    case 'sent':
      return sent(row);
    case 'refused':
      return end('refused', { reason: 'message_refused', sendOutcome: 'refused' });
    case 'unsent':
      return again('crm_unavailable', { retryAfter: write.retryAfter, sendOutcome: 'unsent' });
    case 'unknown':
      return again('settling', { wait: settleMs / FIRST_LOOK, sendOutcome: 'unknown' });
  }
}

const sent = (row: Enrichment): StepEnd => end(isWhole(row) ? 'enriched' : 'partial', { sendOutcome: 'sent' });

/** Undefined: it did not arrive and cannot any more. */
async function resolve(row: Enrichment, { facade, settings }: SendContext): Promise<StepEnd | undefined> {
  const read = await facade.readLead(row.leadId, row.id);
  if (read.kind === 'failed') return again('crm_unavailable', { retryAfter: read.retryAfter });
  if (read.kind === 'missing') return end('lead_missing', { reason: 'lead_missing' });
  const found = readLead(read.body);
  const marked = found.ok ? findMarked(found.lead.messages, markerOf(row.id)) : 'cannot-tell';
  if (marked === 'yes') return sent(row);
  if (marked === 'cannot-tell') return end('unknown', { reason: 'message_unknown', sendOutcome: 'unknown' });
  const left = settings.settleMs - (row.sendAge ?? 0);
  if (left > 0) return again('settling', { wait: left });
  // Cut off by a crash of ours: at once. Lost by the other side: it is failing, so it is given the usual pauses.
  return row.sendOutcome === null ? undefined : again('crm_unavailable', { sendOutcome: 'unsent' });
}
