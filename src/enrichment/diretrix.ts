import type { Cpf } from './cpf.ts';
import type { Failure } from './upstream-client.ts';

/** Who is behind a phone or an e-mail. */
export interface Identity {
  readonly cpf: Cpf;
  readonly name?: string;
}

/** What a look-up comes to. `unavailable` may be better in a while; `refused` stays as it is until somebody acts. */
export type LookUp =
  | { readonly kind: 'found'; readonly identities: readonly [Identity, ...Identity[]] }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly reason: 'credentials' | 'query' };

/** `status-…` by class; `garbled`: an answer that is not what the contract says. */
export type UnavailableReason = Failure | 'throttled' | 'server-error' | 'garbled';

export interface Diretrix {
  /** @param phone as {@link diretrixPhones} gives it */
  byPhone(phone: string, signal?: AbortSignal): Promise<LookUp>;
  /** @param email as {@link normaliseEmail} gives it */
  byEmail(email: string, signal?: AbortSignal): Promise<LookUp>;
}
