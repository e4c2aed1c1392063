import { parseCpf, type Cpf } from './cpf.ts';
import { isRecord, recordOf, textOf, type Loose } from './untyped-json.ts';
import type { Person } from '../store/person.ts';
import { readPerson, SECTIONS } from './read-person.ts';
import { UpstreamClient, type UpstreamClientOptions } from './upstream-client.ts';
import { judge, judgeStatus, parseJson, unavailable, type LookUpRefused, type Unavailable } from './verdict.ts';

/**
 * Work API: what is known of a CPF. Slow (30 to 60 s happen), picky about its pace, and liberal in what it leaves out.
 * A connection that it drops is not tried again here: it wants seconds between calls, and the pace is the store's.
 * Its fields: docs/wire/enrichment.md.
 */

/** `raw` is the answer as text, for the encrypted store. */
export type Dossier =
  | { readonly kind: 'found'; readonly person: Person; readonly raw: string }
  | { readonly kind: 'unknown' }
  | Unavailable
  | LookUpRefused;

export interface WorkApi {
  byCpf(cpf: Cpf, signal?: AbortSignal): Promise<Dossier>;
}

interface WorkApiClientOptions extends Omit<UpstreamClientOptions, 'headers' | 'deadlineMs'> {
  /** Goes into the query, which is why no address of this client is ever shown. */
  readonly key: string;
  /** Milliseconds. */
  readonly deadlineMs?: number;
}

/** A minute: the slow answers are the complete ones. */
const WORK_API_DEADLINE_MS = 60_000;

/** Never rejects: whatever happens is a {@link Dossier}, and none of them holds the key. */
export function createWorkApi({ key, deadlineMs = WORK_API_DEADLINE_MS, ...options }: WorkApiClientOptions): WorkApi {
  const client = new UpstreamClient({ ...options, deadlineMs });
  return {
    async byCpf(cpf, signal) {
      const query = new URLSearchParams({ token: key, modulo: 'cpf', consulta: cpf });
      const verdict = judge(await client.get(`/api?${query.toString()}`, signal));
      if (verdict.kind === 'missing') return { kind: 'unknown' };
      return verdict.kind === 'body' ? readDossier(cpf, verdict.text) : verdict;
    },
  };
}

/** Reads the text of an answer, from the service or from the store, where a CPF asked a moment ago is kept. */
export function readDossier(cpf: Cpf, raw: string): Dossier {
  const answer = parseJson(raw);
  if (!isRecord(answer)) return unavailable('garbled');
  const status = Number(textOf(answer['status']) ?? 200);
  if (status === 404) return { kind: 'unknown' };
  const fault = judgeStatus(status);
  if (fault) return fault;
  if (!SECTIONS.some((section) => section in answer)) return unavailable('garbled');
  if (isAboutSomebodyElse(cpf, answer)) return unavailable('garbled');
  if (SECTIONS.every((section) => isEmpty(answer[section]))) return { kind: 'unknown' };
  return { kind: 'found', person: readPerson(cpf, answer), raw };
}

/** One person's data must not be written on another's lead, whatever went wrong at the service. */
function isAboutSomebodyElse(cpf: Cpf, answer: Loose): boolean {
  const answered = textOf(recordOf(answer['DadosBasicos'])['cpf']);
  return answered !== undefined && parseCpf(answered) !== cpf;
}

/** Null, an empty list, or an object of which the same holds. */
function isEmpty(section: unknown): boolean {
  if (Array.isArray(section)) return section.length === 0;
  if (isRecord(section)) return Object.values(section).every(isEmpty);
  return section === null || section === undefined || section === '';
}
