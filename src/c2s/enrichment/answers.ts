import type { Problem } from '../../http/problem.ts';
import type { FailureReason } from './enrichment.ts';
import type { EnrichmentView } from './repository.ts';

/** What the callers of the old service are answered: its bodies where it worked, problems where it did not. */

type EndpointAnswer =
  | { readonly kind: 'done'; readonly body: object }
  | { readonly kind: 'under way' }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** @param isSettled it ended, or its quick tries are spent. */
export function answerFor(view: EnrichmentView, isSettled: boolean): EndpointAnswer {
  const { state, result, reason } = view;
  if (state === 'done') return { kind: 'done', body: doneBody(view) };
  if (!isSettled) return { kind: 'under way' };
  if (state === 'failed' || state === 'unknown')
    return { kind: 'failed', problem: problemOf(reason ?? 'internal', result) };
  const problem = problemOf(reason ?? 'internal', null);
  return {
    kind: 'failed',
    problem: {
      ...problem,
      detail: `${problem.detail} It is tried again later, by itself.`,
      retryAfter: secondsUntil(view),
    },
  };
}

const DONE_MESSAGES = {
  partial: 'The lead was enriched in part; its message says what could not be looked up.',
  already_sent: 'The lead was enriched before, by an enrichment that the database has lost; nothing was sent.',
};

function doneBody({ leadId, cpfs, entities, result }: EnrichmentView): object {
  const message = result === 'partial' || result === 'already_sent' ? DONE_MESSAGES[result] : 'The lead was enriched.';
  return { success: true, message, lead_id: leadId, cpfs_processed: cpfs, entities_stored: entities };
}

const secondsUntil = ({ nextAt }: EnrichmentView): number =>
  Math.max(1, Math.ceil((nextAt.getTime() - Date.now()) / 1000));

const PROBLEMS: Readonly<Record<FailureReason, readonly [status: number, detail: string]>> = {
  lead_missing: [404, 'Contact2Sale has no lead with this id.'],
  nothing_to_look_up: [404, 'The lead has neither a phone nor an e-mail that could be looked up.'],
  no_match: [404, 'Nobody is known by the phone or the e-mail of this lead.'],
  crm_unavailable: [502, 'Contact2Sale did not answer, or refused the token.'],
  lead_unreadable: [502, 'The answer of Contact2Sale is not a lead.'],
  diretrix_unavailable: [502, 'Diretrix did not answer.'],
  diretrix_refused: [502, 'Diretrix refused the question; its credentials may be wrong.'],
  cpf_taken: [502, 'Work API is being asked about the same person for another lead.'],
  work_api_unavailable: [502, 'Work API did not answer for any CPF of this lead.'],
  work_api_refused: [502, 'Work API refused the question; its key may be wrong.'],
  message_refused: [502, 'Contact2Sale refused the message.'],
  message_unknown: [
    502,
    'Whether the message arrived is not known, and the lead does not show it. Look before you repeat it.',
  ],
  lead_refused: [502, 'Contact2Sale refused the new lead.'],
  lead_unknown: [502, 'Whether the lead was created is not known. Look before you repeat it.'],
  settling: [502, 'Whether the message arrived is not known yet.'],
  store_slow: [502, 'The database answered too late for the message to be sent safely.'],
  internal: [500, 'The enrichment failed for a reason that nobody foresaw; the log has it.'],
};

function problemOf(reason: FailureReason, result: EnrichmentView['result']): Problem {
  const [status, detail] = PROBLEMS[reason];
  const given = result === 'gave_up' ? `${detail} It was tried for a day and given up.` : detail;
  return { status, kind: `enrichment-${reason.replaceAll('_', '-')}`, detail: given };
}

/** GET /api/v1/enrichments/:id. @param isKnown the caller may see personal data. */
export function viewBody(view: EnrichmentView, isKnown: boolean): object {
  const { id, state, step, result, reason, failures, steps, createdAt, finishedAt, nextAt, sends, sendOutcome } = view;
  const isActive = state === 'queued' || state === 'running';
  return {
    id,
    state,
    step,
    result,
    reason,
    failures,
    steps,
    createdAt,
    finishedAt,
    ...(state === 'queued' && { nextTryAt: nextAt }),
    message: { sends, outcome: sendOutcome ?? (sends > 0 && isActive ? 'open' : null) },
    entitiesStored: view.entities,
    ...(isKnown && { leadId: view.leadId, origin: view.origin, cpfs: view.cpfs, marker: view.marker }),
  };
}
