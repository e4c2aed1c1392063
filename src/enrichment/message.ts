import type { Identity } from './diretrix.ts';
import type { Person } from './person.ts';

/** What was learnt of one person whom Diretrix named. */
export type Findings =
  | { readonly kind: 'found'; readonly person: Person }
  /** Work API knows no such CPF. */
  | { readonly kind: 'unknown' }
  /** Work API did not answer, and there is another person for whom it did. */
  | { readonly kind: 'failed' };

export type LookedUpBy = 'phone' | 'email' | 'both';

/** Who is meant, and by which contact of the lead. */
export interface Subject {
  readonly by: LookedUpBy;
  readonly identity: Identity;
}

export interface MessageContents {
  /** One, or two different people: by phone first, then by e-mail. */
  readonly subjects: readonly [MessageSubject] | readonly [MessageSubject, MessageSubject];
  /** The contact for which Diretrix gave no answer, when the other one sufficed. */
  readonly unanswered?: 'phone' | 'email';
}

export interface MessageSubject extends Subject {
  readonly findings: Findings;
}

export interface MessageSettings {
  /** From {@link markerOf}. */
  readonly marker: string;
  /** UTF-16 units. */
  readonly maxLength: number;
  /** INCOME_MULTIPLIER. 1: income is shown as it came. */
  readonly incomeMultiplier: number;
}

export const MAX_MESSAGE_LENGTH = 4_000;
