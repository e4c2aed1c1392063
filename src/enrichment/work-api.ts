import type { Cpf } from './cpf.ts';
import type { UnavailableReason } from './diretrix.ts';
import type { Person } from './person.ts';

/** What asking for a CPF comes to. `raw` is the answer as text, for the encrypted store. */
export type Dossier =
  | { readonly kind: 'found'; readonly person: Person; readonly raw: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly reason: 'credentials' | 'query' };

export interface WorkApi {
  byCpf(cpf: Cpf, signal?: AbortSignal): Promise<Dossier>;
}
