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

/** What a module answered, as JSON. */
export type ModuleAnswer =
  { readonly kind: 'body'; readonly value: object } | { readonly kind: 'missing' } | Unavailable | LookUpRefused;

export interface WorkApi {
  byCpf(cpf: Cpf, signal?: AbortSignal): Promise<Dossier>;
  /** Any module, its answer as it came. @param question a CPF, a phone, an e-mail, as the module takes it. */
  module(name: string, question: string): Promise<ModuleAnswer>;
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
  const ask = async (modulo: string, consulta: string, signal?: AbortSignal) => {
    const query = new URLSearchParams({ token: key, modulo, consulta });
    return judge(await client.get(`/api?${query.toString()}`, signal));
  };
  return {
    async module(name, question) {
      const verdict = await ask(name, question);
      if (verdict.kind !== 'body') return verdict;
      const value = parseJson(verdict.text);
      if (typeof value !== 'object' || value === null) return unavailable('garbled');
      return faultOf(value) ?? { kind: 'body', value };
    },
    async byCpf(cpf, signal) {
      const verdict = await ask('cpf', cpf, signal);
      if (verdict.kind === 'missing') return { kind: 'unknown' };
      return verdict.kind === 'body' ? readDossier(cpf, verdict.text) : verdict;
    },
  };
}

/** Reads the text of an answer, from the service or from the store, where a CPF asked a moment ago is kept. */
export function readDossier(cpf: Cpf, raw: string): Dossier {
  const answer = parseJson(raw);
  if (!isRecord(answer)) return unavailable('garbled');
  const fault = faultOf(answer);
  if (fault) return fault.kind === 'missing' ? { kind: 'unknown' } : fault;
  if (!SECTIONS.some((section) => section in answer)) return unavailable('garbled');
  if (isAboutSomebodyElse(cpf, answer)) return unavailable('garbled');
  if (SECTIONS.every((section) => isEmpty(answer[section]))) return { kind: 'unknown' };
  return { kind: 'found', person: readPerson(cpf, answer), raw };
}

/** A status in the body of a 200. */
function faultOf(answer: object): { readonly kind: 'missing' } | Unavailable | LookUpRefused | undefined {
  const status = Number(textOf(recordOf(answer)['status']) ?? 200);
  return status === 404 ? { kind: 'missing' } : judgeStatus(status);
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
