import { isCpf } from './cpf.ts';
import { PEOPLE } from './people.ts';
import type { InventedPerson } from './people.ts';
import { Refusal } from './refusal.ts';
import { startStandIn } from './stand-in.ts';
import type { StandIn, StandInOptions } from './stand-in.ts';

/**
 * The stand-in for Work API: what is known of a CPF. Only the module `cpf` exists here; the contract says nothing of
 * its errors, so they are plain statuses. People differ in what is known of them: every third has no economic data,
 * every fourth has fields that are null, as the real answers have.
 */
export interface WorkApiOptions extends StandInOptions {
  /** The key that callers give as `token`. */
  readonly key: string;
}

export function startWorkApi(options: WorkApiOptions): Promise<StandIn> {
  return startStandIn(options, (app) => {
    app.get('/api', (req, res) => {
      const query = new URL(req.originalUrl, 'http://stand-in').searchParams;
      if (query.get('token') !== options.key) throw new Refusal(401, 'unauthorized');
      if (query.get('modulo') !== 'cpf') throw new Refusal(400, 'unknown modulo');
      const cpf = (query.get('consulta') ?? '').replace(/[.-]/g, '');
      if (!isCpf(cpf)) throw new Refusal(400, 'consulta is not a CPF');
      const index = PEOPLE.findIndex((each) => each.cpf === cpf);
      const known = PEOPLE[index];
      if (!known) throw new Refusal(404, 'CPF not found');
      res.json(dossier(known, index));
    });
  });
}

function dossier(person: InventedPerson, n: number) {
  const partial = n % 4 === 3;
  return {
    status: 200,
    DadosBasicos: basics(person, partial),
    ...(n % 3 === 2 ? {} : { DadosEconomicos: economics(n) }),
    emails: person.emails.map((email, i) => ({ email, prioridade: i + 1 })),
    telefones: person.phones.map((telefone, i) => ({
      telefone,
      tipo: i === 0 ? 'TELEFONE MÓVEL' : 'TELEFONE RESIDENCIAL',
      operadora: 'EXEMPLO',
      whatsapp: i === 0 ? 'SIM' : null,
      status: 'ATIVO',
    })),
    enderecos: [address(person, n)],
    empresas: n % 5 === 0 ? [{ cnpj: '00000000000000', relacao: 'SOCIO', tipoRelacao: 'SOCIEDADE' }] : [],
    profissao: partial ? null : { cboDescricao: 'ANALISTA' },
  };
}

function basics(person: InventedPerson, partial: boolean) {
  return {
    nome: person.name.toUpperCase(),
    cpf: person.cpf,
    dataNascimento: person.birthDate,
    sexo: person.sex === 'F' ? 'F - FEMININO' : 'M - MASCULINO',
    nomeMae: person.motherName.toUpperCase(),
    nomePai: null,
    estadoCivil: partial ? null : 'SOLTEIRO(A)',
    obito: { obito: 'NÃO' },
  };
}

function economics(n: number) {
  return {
    renda: `${2_500 + n * 150},50`,
    poderAquisitivo: { poderAquisitivoDescricao: 'MEDIO', faixaPoderAquisitivo: 'De R$ 7018 até R$ 15000' },
    score: { scoreCSBA: String(400 + n * 5), scoreCSBAFaixaRisco: 'MEDIO RISCO' },
  };
}

function address(person: InventedPerson, n: number) {
  return {
    tipoLogradouro: 'RUA',
    logradouro: 'DO EXEMPLO',
    logradouroNumero: String(10 + n),
    complemento: null,
    bairro: 'CENTRO',
    cidade: person.city.toUpperCase(),
    uf: person.state,
    cep: `01000${String(n).padStart(3, '0')}`,
  };
}
