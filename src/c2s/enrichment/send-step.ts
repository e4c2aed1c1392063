import { writeAtMostOnce, type Look, type OnceContext } from './at-most-once.ts';
import { readLead } from './lead.ts';
import type { Enrichment } from './repository.ts';
import { findMarked, markerOf } from './marker.ts';
import type { EnrichmentPorts } from './ports.ts';
import { end, next, type StepEnd } from './step-end.ts';
import { sent } from './steps.ts';

/**
 * send: the message, at most once (at-most-once.ts). The marker in its second line tells whether the lead has it. Where
 * the lead does not show its messages nothing is sent a second time; a human looks.
 */

interface SendContext extends OnceContext {
  readonly facade: EnrichmentPorts['facade'];
}

export async function sendStep(row: Enrichment, context: SendContext): Promise<StepEnd> {
  const { leadId, message, id } = row;
  // The message was erased meanwhile, because its person asked for it. The lead step looks for what may have left.
  if (message === null) return next({ step: 'lead' });
  return writeAtMostOnce<unknown>(row, context, {
    look: () => lookForMessage(row, context.facade),
    write: () => context.facade.createMessage(leadId, message, id),
    done: () => sent(row),
    refused: 'message_refused',
    unknown: 'message_unknown',
  });
}

async function lookForMessage(row: Enrichment, facade: EnrichmentPorts['facade']): Promise<Look<unknown>> {
  const read = await facade.readLead(row.leadId, row.id);
  if (read.kind === 'failed') return read;
  if (read.kind === 'missing') return { kind: 'ended', end: end('lead_missing', { reason: 'lead_missing' }) };
  const found = readLead(read.body, row.leadId);
  // Says nothing of ours. The answer to the next try may.
  if (!found.ok && found.reason === 'another lead') return { kind: 'failed', retryAfter: undefined };
  const marked = found.ok ? findMarked(found.lead.messages, markerOf(row.id)) : 'cannot-tell';
  if (marked === 'yes') return { kind: 'there', found: undefined };
  return { kind: marked === 'no' ? 'absent' : 'cannot-tell' };
}
