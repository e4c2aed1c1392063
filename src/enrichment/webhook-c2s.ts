/** One event of Contact2Sale's push. */
export interface C2sEvent {
  readonly leadId: string;
  readonly action?: string;
  /** The same for the same event delivered twice: id and `updated_at`, else a digest of the event. */
  readonly key: string;
}

export interface MalformedEvent {
  /** Place in the push, from 0. */
  readonly index: number;
  readonly reason: string;
}

export type C2sPush =
  | { readonly kind: 'events'; readonly events: readonly C2sEvent[]; readonly malformed: readonly MalformedEvent[] }
  | { readonly kind: 'too-many'; readonly count: number; readonly limit: number };

export const MAX_EVENTS = 1_000;
