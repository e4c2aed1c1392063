import { PEOPLE } from './people.ts';
import type { InventedPerson } from './people.ts';
import { Refusal } from './refusal.ts';
import { startStandIn } from './stand-in.ts';
import type { StandIn, StandInOptions } from './stand-in.ts';

/**
 * The stand-in for Diretrix: who is behind a phone, an e-mail or a CPF. Phones are known without the country code
 * only, as the contract has it: a caller that forgets to cut off 55 finds nobody, here as there.
 */
export interface DiretrixOptions extends StandInOptions {
  readonly user: string;
  readonly pass: string;
}

export function startDiretrix(options: DiretrixOptions): Promise<StandIn> {
  const basic = `Basic ${Buffer.from(`${options.user}:${options.pass}`).toString('base64')}`;
  return startStandIn(options, (app) => {
    app.use('/Consultas', (req, _res, next) => {
      if (req.headers.authorization === basic) return next();
      throw new Refusal(401, 'unauthorized', { 'WWW-Authenticate': 'Basic realm="Consultas"' });
    });
    app.get('/Consultas/Pessoa/Telefone/:phone', (req, res) => {
      res.json(identities(({ phones }) => phones.includes(req.params.phone)));
    });
    app.get('/Consultas/Pessoa/Email/:email', (req, res) => {
      res.json(identities(({ emails }) => emails.includes(req.params.email.toLowerCase())));
    });
    app.get('/Consultas/Pessoa/:cpf', (req, res) => {
      const known = PEOPLE.find(({ cpf }) => cpf === req.params.cpf);
      if (!known) throw new Refusal(404, 'CPF not found');
      res.json(record(known));
    });
  });
}

/** `[{nome, cpf}]`; empty when nobody is known. */
function identities(isMeant: (person: InventedPerson) => boolean) {
  return PEOPLE.filter(isMeant).map(({ name, cpf }) => ({ nome: name.toUpperCase(), cpf }));
}

function record(person: InventedPerson) {
  return {
    nome: person.name.toUpperCase(),
    cpf: person.cpf,
    rg: null,
    dataNascimento: person.birthDate,
    sexo: person.sex,
    mae: person.motherName.toUpperCase(),
    telefones: person.phones.map((phone, i) => ({
      ddd: phone.slice(0, 2),
      numero: phone.slice(2),
      tipo: i === 0 ? 'CELULAR' : 'FIXO',
      ranking: i + 1,
    })),
    emails: person.emails.map((endereco, i) => ({ endereco, ranking: i + 1 })),
    enderecos: [{ logradouro: 'RUA DO EXEMPLO', cidade: person.city.toUpperCase(), uf: person.state }],
  };
}
