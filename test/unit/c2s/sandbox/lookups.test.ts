import { describe, expect, test } from 'vitest';
import { inventedCpf, isCpf } from '../../../../src/c2s/sandbox/cpf.ts';
import { SEED_LEAD_IDS, startDiretrix, startWorkApi } from '../../../../src/c2s/sandbox/index.ts';
import { PEOPLE } from '../../../../src/c2s/sandbox/people.ts';
import { closing, contact2sale } from './harness.ts';

const KEY = 'key';
const BASIC = { authorization: `Basic ${Buffer.from('user:pä:ss').toString('base64')}` };

const diretrix = async () => closing(await startDiretrix({ user: 'user', pass: 'pä:ss' }));
const workApi = async () => closing(await startWorkApi({ key: KEY }));

async function get(url: string, headers: Record<string, string> = BASIC) {
  const response = await fetch(url, { headers });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

/** CPFs that Diretrix knows for the phone and for the e-mail of a seeded lead (1 to 25). */
async function cpfsOf(n: number) {
  const [{ crm }, { url }] = [await contact2sale(), await diretrix()];
  const customer = crm.leads.get(SEED_LEAD_IDS[n - 1] ?? '')?.attributes.customer;
  const look = async (kind: string, value = '') =>
    value === ''
      ? []
      : ((await get(`${url}/Consultas/Pessoa/${kind}/${encodeURIComponent(value)}`)).json as { cpf: string }[]);
  const phone = await look('Telefone', customer?.phone.replace(/^\+55/, ''));
  const email = await look('Email', customer?.email);
  return { phone: phone.map(({ cpf }) => cpf), email: email.map(({ cpf }) => cpf) };
}

describe('the seeded leads at Diretrix', () => {
  test('lead 1: phone and e-mail lead to the same CPF', async () => {
    const { phone, email } = await cpfsOf(1);
    expect(phone).toHaveLength(1);
    expect(phone).toEqual(email);
    expect(phone.every(isCpf)).toBe(true);
  });

  test('lead 2: phone and e-mail lead to two CPFs', async () => {
    const { phone, email } = await cpfsOf(2);
    expect([phone.length, email.length, new Set([...phone, ...email]).size]).toEqual([1, 1, 2]);
  });

  test('lead 3: only the phone leads to a CPF', async () => {
    const { phone, email } = await cpfsOf(3);
    expect([phone.length, email.length]).toEqual([1, 0]);
  });

  test('lead 4 has a phone and an e-mail that nobody knows', async () => {
    const { crm } = await contact2sale();
    const customer = crm.leads.get(SEED_LEAD_IDS[3] ?? '')?.attributes.customer;
    expect([customer?.phone, customer?.email].every(Boolean)).toBe(true);
    expect(await cpfsOf(4)).toEqual({ phone: [], email: [] });
  });

  test('lead 5: only the e-mail leads to a CPF', async () => {
    const { phone, email } = await cpfsOf(5);
    expect([phone.length, email.length]).toEqual([0, 1]);
  });
});

describe('Diretrix', () => {
  const [ana] = PEOPLE;

  test('answers 401 and asks for Basic credentials without the right ones', async () => {
    const { url } = await diretrix();
    const wrong = { authorization: `Basic ${Buffer.from('user:x').toString('base64')}` };
    for (const headers of [{}, wrong, { authorization: 'Bearer user:pass' }]) {
      const answer = await get(`${url}/Consultas/Pessoa/Telefone/1`, headers);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Consultas"']);
    }
  });

  test('knows a phone without the country code only, and an e-mail in any case', async () => {
    const { url } = await diretrix();
    const found = [{ nome: 'ANA SOUZA', cpf: ana?.cpf }];
    expect((await get(`${url}/Consultas/Pessoa/Telefone/${ana?.phones[0]}`)).json).toEqual(found);
    expect((await get(`${url}/Consultas/Pessoa/Telefone/55${ana?.phones[0]}`)).json).toEqual([]);
    expect((await get(`${url}/Consultas/Pessoa/Email/ANA.SOUZA0%40example.com`)).json).toEqual(found);
  });

  test('answers the person behind a CPF, 404 for one that it does not know', async () => {
    const { url } = await diretrix();
    expect((await get(`${url}/Consultas/Pessoa/${ana?.cpf}`)).json).toMatchObject({
      nome: 'ANA SOUZA',
      cpf: ana?.cpf,
      dataNascimento: '01/01/1960',
      sexo: 'F',
      telefones: [
        { ddd: '11', numero: '900000000', tipo: 'CELULAR', ranking: 1 },
        { ddd: '11', numero: '30000000' },
      ],
      emails: [{ endereco: 'ana.souza0@example.com', ranking: 1 }],
    });
    expect((await get(`${url}/Consultas/Pessoa/00000000000`)).status).toBe(404);
  });
});

describe('Work API', () => {
  const [ana, , carla, diego] = PEOPLE;
  const ask = async (query: string) => get(`${(await workApi()).url}/api?${query}`, {});

  test.each([
    ['modulo=cpf&consulta=1', 401],
    [`token=wrong&modulo=cpf&consulta=${ana?.cpf}`, 401],
    [`token=${KEY}&modulo=cep&consulta=01000000`, 400],
    [`token=${KEY}&modulo=cpf`, 400],
    [`token=${KEY}&modulo=cpf&consulta=11111111111`, 400],
  ])('?%s is refused with %i', async (query, status) => {
    expect((await ask(query)).status).toBe(status);
  });

  test('answers 404 for a valid CPF that it does not know', async () => {
    expect((await ask(`token=${KEY}&modulo=cpf&consulta=${inventedCpf(5_000)}`)).status).toBe(404);
  });

  test('answers what is known of a CPF, with or without punctuation', async () => {
    const dotted = ana?.cpf.replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4');
    const { status, json } = await ask(`token=${KEY}&modulo=cpf&consulta=${dotted}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: 200,
      DadosBasicos: { nome: 'ANA SOUZA', cpf: ana?.cpf, dataNascimento: '01/01/1960', sexo: 'F - FEMININO' },
      DadosEconomicos: { renda: '2500,50', score: { scoreCSBA: '400' } },
      emails: [{ email: 'ana.souza0@example.com', prioridade: 1 }],
      telefones: [
        { telefone: '11900000000', whatsapp: 'SIM' },
        { telefone: '1130000000', whatsapp: null },
      ],
      enderecos: [{ logradouro: 'DO EXEMPLO', cidade: 'SÃO PAULO', uf: 'SP' }],
      empresas: [{ relacao: 'SOCIO' }],
    });
  });

  test('leaves out or nulls what is not known of some people', async () => {
    const of = (cpf?: string) => ask(`token=${KEY}&modulo=cpf&consulta=${cpf}`);
    expect((await of(carla?.cpf)).json).not.toHaveProperty('DadosEconomicos');
    expect((await of(diego?.cpf)).json).toMatchObject({ profissao: null, DadosBasicos: { estadoCivil: null } });
  });

  test('has the same switches as the others', async () => {
    const { url, faults } = await workApi();
    faults.add({ path: '/api', status: 429, times: 1 });
    const target = `${url}/api?token=${KEY}&modulo=cpf&consulta=${ana?.cpf}`;
    expect([(await get(target)).status, (await get(target)).status]).toEqual([429, 200]);
  });
});
