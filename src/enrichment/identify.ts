import type { Identity } from './diretrix.ts';

/** What became of the side that did not find anybody. */
export type OtherSide = 'nobody' | 'not-asked' | 'failed';

/** Plain JSON, so that a job may keep it between two steps. */
export type Identification =
  | { readonly kind: 'one-person-both'; readonly person: Identity }
  | { readonly kind: 'two-people'; readonly byPhone: Identity; readonly byEmail: Identity }
  | { readonly kind: 'by-phone'; readonly person: Identity; readonly email: OtherSide }
  | { readonly kind: 'by-email'; readonly person: Identity; readonly phone: OtherSide }
  | { readonly kind: 'nobody'; readonly reason: 'nothing-to-look-up' | 'no-match' }
  | { readonly kind: 'cannot-say'; readonly isTransient: boolean; readonly retryAfterMs?: number };

/** What a lead gives to look for. */
export interface Contacts {
  /** In the form of Diretrix, the most likely first. */
  readonly phones: readonly string[];
  readonly email?: string;
}
