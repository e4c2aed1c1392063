/**
 * An enrichment: the work on one lead, from "somebody asked for it" to "the message is on the lead". The words that its
 * row, its metrics and its answers share; all of them closed unions.
 */

/** In the order in which they are gone through. `create` only where the lead does not exist yet. */
export const STEPS = ['create', 'lead', 'identify', 'enrich', 'compose', 'store', 'send'] as const;
export type Step = (typeof STEPS)[number];

/**
 * queued → running → (queued again, to try later) → done | failed | unknown.
 * `unknown`: a write may or may not have arrived, and only a human can look; nothing is sent again.
 */
export const STATES = ['queued', 'running', 'done', 'failed', 'unknown'] as const;
export type State = (typeof STATES)[number];

/** What an enrichment came to. */
export const RESULTS = [
  /** Everybody who was identified is in the message. */
  'enriched',
  /** The message is sent; a look-up that did not answer is missing in it, and it says so. */
  'partial',
  /** The lead shows a message of ours that the database does not know of: it was set back. Nothing was sent. */
  'already_sent',
  /** All of its people had just been enriched for another lead when it was ordered. No message: an order wants none then. */
  'deduplicated',
  /** The lead that was to be created is there, and another enrichment of it is under way. */
  'joined',
  /** Nobody is known by the phone or the e-mail. No message. */
  'nobody',
  'lead_missing',
  /** Contact2Sale refused the message, or the new lead. */
  'refused',
  /** The last retry failed too; a dead letter. */
  'gave_up',
  /** Nobody can say whether the message, or the new lead, arrived; a dead letter. */
  'unknown',
] as const;
export type EnrichmentResult = (typeof RESULTS)[number];

/** Who asked; `import`: the service before this one did it (c2s/import). */
export type Origin = 'api' | 'make' | 'c2s' | 'google' | 'import';

/** Why a step could not be done: a code for the row, the log and the answer, never a text of somebody else. */
export type FailureReason =
  | 'crm_unavailable'
  | 'lead_missing'
  | 'lead_unreadable'
  | 'nothing_to_look_up'
  | 'no_match'
  | 'diretrix_unavailable'
  | 'diretrix_refused'
  | 'cpf_taken'
  | 'work_api_unavailable'
  | 'work_api_refused'
  | 'message_refused'
  | 'message_unknown'
  | 'lead_refused'
  | 'lead_unknown'
  | 'settling'
  | 'store_slow'
  | 'internal';

export const STATE_OF: Readonly<Record<EnrichmentResult, State>> = {
  enriched: 'done',
  partial: 'done',
  already_sent: 'done',
  deduplicated: 'done',
  joined: 'done',
  nobody: 'failed',
  lead_missing: 'failed',
  refused: 'failed',
  gave_up: 'failed',
  unknown: 'unknown',
};
