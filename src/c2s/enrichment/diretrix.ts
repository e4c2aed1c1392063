import { parseCpf, type Cpf } from './cpf.ts';
import { isRecord, recordsOf, textOf } from './untyped-json.ts';
import { UpstreamClient, type Got, type UpstreamClientOptions } from './upstream-client.ts';
import { judge, parseJson, unavailable, type LookUpRefused, type Unavailable } from './verdict.ts';

/** Diretrix: who is behind a phone or an e-mail (docs/wire/enrichment.md). */

export interface Identity {
  readonly cpf: Cpf;
  readonly name?: string;
}

export type LookUp =
  | { readonly kind: 'found'; readonly identities: readonly [Identity, ...Identity[]] }
  | { readonly kind: 'nobody' }
  | Unavailable
  | LookUpRefused;

export interface Diretrix {
  /** @param phone as {@link diretrixPhones} gives it */
  byPhone(phone: string, signal?: AbortSignal): Promise<LookUp>;
  /** @param email as {@link normaliseEmail} gives it */
  byEmail(email: string, signal?: AbortSignal): Promise<LookUp>;
}

interface DiretrixClientOptions extends Omit<UpstreamClientOptions, 'headers'> {
  readonly user: string;
  readonly pass: string;
}

/** Never rejects: whatever happens is a {@link LookUp}, and none of them holds what was asked. */
export function createDiretrix({ user, pass, ...options }: DiretrixClientOptions): Diretrix {
  const authorization = `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`;
  const client = new UpstreamClient({ ...options, headers: { authorization } });
  const ask = async (kind: 'Telefone' | 'Email', value: string, signal?: AbortSignal): Promise<LookUp> => {
    const path = `/Consultas/Pessoa/${kind}/${encodeURIComponent(value)}`;
    const got = await client.get(path, signal);
    // Most likely a kept connection that the server was just closing; without this a person would go missing for it.
    return read(isLost(got) ? await client.get(path, signal) : got);
  };
  return {
    byPhone: (phone, signal) => ask('Telefone', phone, signal),
    byEmail: (email, signal) => ask('Email', email, signal),
  };
}

const isLost = (got: Got): boolean => got.kind === 'failed' && got.reason === 'connection-lost';

function read(got: Got): LookUp {
  const verdict = judge(got);
  if (verdict.kind === 'missing') return { kind: 'nobody' };
  if (verdict.kind !== 'body') return verdict;
  const answer = parseJson(verdict.text);
  const people = isRecord(answer) && 'data' in answer ? answer['data'] : answer;
  const isAnswer = people === null || Array.isArray(people) || (isRecord(people) && 'cpf' in people);
  if (!isAnswer) return unavailable('garbled');
  const [first, ...others] = recordsOf(people).flatMap(({ cpf, nome }) => identity(parseCpf(cpf), textOf(nome)));
  return first ? { kind: 'found', identities: [first, ...others] } : { kind: 'nobody' };
}

/** Without a valid CPF nobody can be asked about: left out. */
const identity = (cpf: Cpf | undefined, name: string | undefined): Identity[] =>
  cpf === undefined ? [] : [name === undefined ? { cpf } : { cpf, name }];
