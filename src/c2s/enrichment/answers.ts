import type { Problem } from '../../http/problem.ts';
import type { FailureReason } from './enrichment.ts';
import type { Ordered } from './orders.ts';
import type { EnrichmentView } from './repository.ts';

/** What the callers of the old service are answered: its bodies where it worked, problems where it did not. */

type EndpointAnswer =
  | { readonly kind: 'done'; readonly body: object }
  | { readonly kind: 'under way' }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** Which of the two ordered it: the texts differ. */
type Endpoint = 'enrich' | 'process';

/** @param isSettled it ended, or its quick tries are spent. @param order undefined: it was waited for. */
export function answerFor(
  view: EnrichmentView,
  isSettled: boolean,
  endpoint: Endpoint,
  order?: Pick<Ordered, 'isHeld' | 'ageMs'>,
): EndpointAnswer {
  const { state, result, reason } = view;
  const held = order?.isHeld ? { duplicate_request: true, message: duplicateText(order.ageMs) } : {};
  if (state === 'done') return { kind: 'done', body: { ...doneBody(view, endpoint), ...held } };
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

/** The old service's answer of `process` to a further call. @param ageMs since the first one. */
export function duplicateBody(leadId: string, ageMs: number): object {
  return { success: true, message: duplicateText(ageMs), lead_id: leadId, duplicate_request: true };
}

const duplicateText = (ageMs: number): string =>
  `Lead already being processed (started ${Math.max(0, Math.floor(ageMs / 1000))} seconds ago). Duplicate request blocked.`;

/** Results whose text is the same for both. */
const DONE_MESSAGES = {
  partial: 'The lead was enriched in part; its message says what could not be looked up.',
  already_sent: 'The lead was enriched before, by an enrichment that the database has lost; nothing was sent.',
  deduplicated: 'CPFs already recently processed (deduplication)',
};

/** The members of both endpoints of the old service, and what ours had beside them. */
function doneBody(view: EnrichmentView, endpoint: Endpoint): object {
  const { leadId, cpfs, entities, entityIds, result, customerName } = view;
  const isSent = result !== 'deduplicated';
  const text = {
    enrich: 'The lead was enriched.',
    process: `Successfully processed and enriched lead. Stored ${entities} entities in database.`,
  };
  const message =
    result === 'partial' || result === 'already_sent' || result === 'deduplicated'
      ? DONE_MESSAGES[result]
      : text[endpoint];
  const both = { success: true, message, lead_id: leadId, cpfs_processed: cpfs, entities_stored: entities };
  if (endpoint === 'process') return both;
  return {
    ...both,
    customer_name: customerName ?? '',
    enriched: isSent,
    message_sent: isSent,
    stored_in_db: entities,
    entity_ids: entityIds,
  };
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

/** Why a step, or a look-up, could not be done, to a caller. */
export function problemOf(reason: FailureReason, result: EnrichmentView['result']): Problem {
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
    ...(isKnown && {
      leadId: view.leadId,
      origin: view.origin,
      caller: view.caller,
      cpfs: view.cpfs,
      marker: view.marker,
    }),
  };
}

/** The old service's own texts, by the kind of our problem: in `error` of `enrich`, in `message` of `process`. */
const NO_CPF = { error: 'Could not find CPF via Diretrix', message: 'Could not find CPF from phone or email' };
const NO_DATA = { error: 'External service error', message: 'Failed to enrich any CPFs' };
const OLD_TEXTS: Readonly<Record<string, { readonly error: string; readonly message: string }>> = {
  'enrichment-no-match': NO_CPF,
  'enrichment-nothing-to-look-up': NO_CPF,
  'enrichment-work-api-unavailable': NO_DATA,
  'enrichment-work-api-refused': NO_DATA,
};

/** By status, where the old service said no more than that. */
const OLD_ERRORS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  500: 'Internal server error',
  502: 'External service error',
};

/** The member `error` beside those of a problem: all that an error of the old service had. */
export function oldErrorMembers({ status, kind, detail }: Problem): object {
  return { error: OLD_TEXTS[kind]?.error ?? OLD_ERRORS[status] ?? detail };
}

/** What `process` answers, with the status 200: Make.com takes every other one for a failure of its own module. */
export function failedProcessBody(leadId: string | undefined, { kind, detail }: Problem): object {
  return { success: false, lead_id: leadId, error: kind, message: OLD_TEXTS[kind]?.message ?? detail, detail };
}
