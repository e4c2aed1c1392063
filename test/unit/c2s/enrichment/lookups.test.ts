import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import { createDiretrix } from '../../../../src/c2s/enrichment/diretrix.ts';
import { createWorkApi } from '../../../../src/c2s/enrichment/work-api.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';
import { startDiretrix, startWorkApi, type FaultSpec } from '../../../../src/c2s/sandbox/index.ts';
import { PEOPLE } from '../../../../src/c2s/sandbox/people.ts';
import { createUpstreamPool } from '../../../../src/http/upstream-pool.ts';
import { closing } from '../sandbox/harness.ts';

/** Both clients over loopback sockets, against the stand-ins and their faults. */

const CONNECTIONS = { keepAliveMs: 1_000, connectTimeoutMs: 1_000, maxConnectionAgeMs: 60_000 };
const dispatcher = new Agent({ factory: (origin) => createUpstreamPool(String(origin), 8, CONNECTIONS) });
afterAll(() => dispatcher.destroy());

const NOW = Date.UTC(2026, 0, 1);
const QUICK = { dispatcher, deadlineMs: 300, maxBytes: 20_000, now: () => NOW };
const ana = PEOPLE[0];
const PHONE = ana?.phones[0] ?? '';
const EMAIL = ana?.emails[0] ?? '';
const cpfOf = (text: string | undefined) => parseCpf(text) as Cpf;
const CPF = cpfOf(ana?.cpf);
const KEY = 'a key with & and =';

async function diretrix(fault?: Omit<FaultSpec, 'path'>) {
  const standIn = closing(await startDiretrix({ user: 'user', pass: 'pä:ss' }));
  if (fault) standIn.faults.add({ path: '/Consultas', ...fault });
  return { standIn, client: createDiretrix({ ...QUICK, baseUrl: standIn.url, user: 'user', pass: 'pä:ss' }) };
}

async function workApi(fault?: Omit<FaultSpec, 'path'>) {
  const standIn = closing(await startWorkApi({ key: KEY }));
  if (fault) standIn.faults.add({ path: '/api', ...fault });
  return { standIn, client: createWorkApi({ ...QUICK, baseUrl: standIn.url, key: KEY }) };
}

/** What both make of trouble; the answers of the service itself are below. */
const TROUBLE: readonly [string, Omit<FaultSpec, 'path'>, object][] = [
  ['401', { status: 401 }, { kind: 'refused', reason: 'credentials' }],
  ['403', { status: 403 }, { kind: 'refused', reason: 'credentials' }],
  ['400', { status: 400 }, { kind: 'refused', reason: 'query' }],
  ['429', { status: 429 }, { kind: 'unavailable', reason: 'throttled' }],
  [
    '429 with Retry-After in seconds',
    { status: 429, headers: { 'retry-after': '7' } },
    { kind: 'unavailable', reason: 'throttled', retryAfterMs: 7_000 },
  ],
  [
    '503 with Retry-After as a date',
    { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' } },
    { kind: 'unavailable', reason: 'server-error', retryAfterMs: 30_000 },
  ],
  ['500', { status: 500 }, { kind: 'unavailable', reason: 'server-error' }],
  ['a redirect', { status: 302, headers: { location: '/' } }, { kind: 'unavailable', reason: 'garbled' }],
  ['a page that says 404', { status: 404, body: ' <html>' }, { kind: 'unavailable', reason: 'garbled' }],
  ['no JSON', { status: 200, body: '{"broken":' }, { kind: 'unavailable', reason: 'garbled' }],
  ['an empty body', { status: 200, body: '' }, { kind: 'unavailable', reason: 'garbled' }],
  ['JSON of another kind', { status: 200, body: { hello: 1 } }, { kind: 'unavailable', reason: 'garbled' }],
  ['too much', { status: 200, body: ['x'.repeat(30_000)] }, { kind: 'unavailable', reason: 'unusable-answer' }],
  ['silence', { hang: true }, { kind: 'unavailable', reason: 'deadline' }],
  ['a reset', { reset: 'before-headers' }, { kind: 'unavailable', reason: 'connection-lost' }],
  ['a reset in the body', { reset: 'mid-body', applied: true }, { kind: 'unavailable', reason: 'connection-lost' }],
];

describe.each([
  ['Diretrix', async (fault: Omit<FaultSpec, 'path'>) => (await diretrix(fault)).client.byPhone(PHONE)],
  ['Work API', async (fault: Omit<FaultSpec, 'path'>) => (await workApi(fault)).client.byCpf(CPF)],
])('trouble with %s', (_name, ask) => {
  test.each(TROUBLE)('%s', async (_what, fault, expected) => expect(await ask(fault)).toEqual(expected));

  test('404 of its own is an answer', async () => {
    expect(['nobody', 'unknown']).toContain((await ask({ status: 404 })).kind);
    expect(['nobody', 'unknown']).toContain((await ask({ status: 204 })).kind);
  });
});

describe('both', () => {
  test('say unreachable when nobody listens, and cancelled when the caller is gone', async () => {
    const { standIn, client } = await diretrix({ hang: true });
    const leaving = AbortSignal.timeout(20);
    expect(await client.byPhone(PHONE, leaving)).toEqual({ kind: 'unavailable', reason: 'caller-left' });
    await standIn.close();
    expect(await client.byPhone(PHONE)).toEqual({ kind: 'unavailable', reason: 'unreachable' });
    const work = await workApi();
    await work.standIn.close();
    expect(await work.client.byCpf(CPF)).toEqual({ kind: 'unavailable', reason: 'unreachable' });
  });

  test('read Latin-1 where the service says that it writes it', async () => {
    const headers = { 'content-type': 'application/json; charset=iso-8859-1' };
    const { client, standIn } = await diretrix();
    // Express writes the text as UTF-8: the two bytes of ç are two letters in Latin-1.
    standIn.faults.add({ path: '/', status: 200, headers, body: `[{"nome":"Conceição","cpf":"${CPF}"}]` });
    const read = await client.byPhone(PHONE);
    expect(read.kind === 'found' && read.identities[0].name).toMatch(/^Concei.{4}o$/);
  });
});

describe('Diretrix', () => {
  const found = { kind: 'found', identities: [{ cpf: CPF, name: 'ANA SOUZA' }] };

  test('finds by phone and by e-mail, escapes what is asked, and goes behind the path of its base URL', async () => {
    const { standIn, client } = await diretrix();
    expect([await client.byPhone(PHONE), await client.byEmail(EMAIL)]).toEqual([found, found]);
    const based = createDiretrix({ ...QUICK, baseUrl: `${standIn.url}/v2/`, user: 'user', pass: 'pä:ss' });
    await based.byEmail('a/../b?c#d@example.com');
    expect(standIn.received.at(-1)?.path).toBe('/v2/Consultas/Pessoa/Email/a%2F..%2Fb%3Fc%23d%40example.com');
  });

  test('finds nobody', async () => {
    expect(await (await diretrix()).client.byPhone('11999999999')).toEqual({ kind: 'nobody' });
  });

  test.each([
    ['nothing', null, []],
    ['no valid CPF', [{ nome: 'X', cpf: '11111111111' }, { nome: 'Y' }, 5, null], []],
    ['one person without a list', { nome: 'ANA SOUZA', cpf: CPF }, found.identities],
    ['a list under data', { data: [{ nome: 'ANA SOUZA', cpf: CPF }] }, found.identities],
    ['a CPF as a number, no name', [{ nome: null, cpf: Number(CPF) }], [{ cpf: CPF }]],
    [
      'the first of them invalid',
      [
        { nome: 'X', cpf: '1' },
        { nome: 'ANA SOUZA', cpf: CPF },
      ],
      found.identities,
    ],
  ])('reads %s', async (_what, body, identities) => {
    // null cannot be written as a fault's body, text can.
    const { client } = await diretrix({ status: 200, body: JSON.stringify(body) });
    expect(await client.byEmail(EMAIL)).toEqual(identities.length ? { kind: 'found', identities } : { kind: 'nobody' });
  });

  test('asks once more when a connection was lost, and only once', async () => {
    const once = await diretrix({ reset: 'before-headers', times: 1 });
    expect(await once.client.byPhone(PHONE)).toEqual(found);
    const always = await diretrix({ reset: 'before-headers' });
    await always.client.byPhone(PHONE);
    expect(always.standIn.received).toHaveLength(2);
  });

  test('wrong credentials are refused', async () => {
    const { standIn } = await diretrix();
    const client = createDiretrix({ ...QUICK, baseUrl: standIn.url, user: 'user', pass: 'x' });
    expect(await client.byPhone(PHONE)).toEqual({ kind: 'refused', reason: 'credentials' });
  });
});

describe('Work API', () => {
  const body = (answer: unknown) => ({ status: 200, body: JSON.stringify(answer) });

  test('answers the person and the text of the answer', async () => {
    const { client } = await workApi();
    const dossier = await client.byCpf(CPF);
    expect(dossier).toMatchObject({
      kind: 'found',
      person: {
        cpf: CPF,
        name: 'ANA SOUZA',
        birthDate: '01/01/1960',
        sex: 'F - FEMININO',
        motherName: 'MARIA SOUZA',
        isDeceased: false,
        occupation: 'ANALISTA',
        economics: { income: { text: '2500,50', value: 2500.5 }, purchasingPower: 'MEDIO', score: '400' },
        emails: [EMAIL],
        phones: [
          { number: '11900000000', isWhatsapp: true },
          { number: '1130000000', isWhatsapp: false },
        ],
        addresses: [{ street: 'DO EXEMPLO', city: 'SÃO PAULO', state: 'SP' }],
        companies: [{ cnpj: '00000000000000', relation: 'SOCIO' }],
      },
    });
    expect(dossier.kind === 'found' && JSON.parse(dossier.raw)).toMatchObject({ status: 200 });
    expect(JSON.parse(JSON.stringify(dossier))).toEqual(dossier);
  });

  test('does not ask again by itself: the pace is kept elsewhere', async () => {
    const { standIn, client } = await workApi({ reset: 'before-headers' });
    await client.byCpf(CPF);
    expect(standIn.received).toHaveLength(1);
  });

  test('knows nothing of some CPFs', async () => {
    expect(await (await workApi()).client.byCpf(cpfOf(inventedCpf(5_000)))).toEqual({ kind: 'unknown' });
  });

  test('half down: one CPF fails while the other is answered', async () => {
    const { client } = await workApi({ query: { consulta: CPF }, status: 503 });
    const [first, second] = await Promise.all([client.byCpf(CPF), client.byCpf(cpfOf(PEOPLE[1]?.cpf))]);
    expect([first.kind, second.kind]).toEqual(['unavailable', 'found']);
  });

  test.each([
    [404, { kind: 'unknown' }],
    ['404', { kind: 'unknown' }],
    [401, { kind: 'refused', reason: 'credentials' }],
    [429, { kind: 'unavailable', reason: 'throttled' }],
    [500, { kind: 'unavailable', reason: 'server-error' }],
  ])('believes the status %j inside an answer that says 200', async (status, expected) => {
    expect(await (await workApi(body({ status, DadosBasicos: {} }))).client.byCpf(CPF)).toEqual(expected);
  });

  test('sections that are all empty know nothing; an answer without sections is garbled', async () => {
    const empty = { status: 200, DadosBasicos: { nome: null, obito: { obito: null } }, emails: [], profissao: null };
    expect(await (await workApi(body(empty))).client.byCpf(CPF)).toEqual({ kind: 'unknown' });
    expect(await (await workApi(body({ status: 200 }))).client.byCpf(CPF)).toMatchObject({ reason: 'garbled' });
  });

  test('an answer about another CPF is not taken for this one', async () => {
    const other = { DadosBasicos: { nome: 'BRUNO', cpf: PEOPLE[1]?.cpf } };
    expect(await (await workApi(body(other))).client.byCpf(CPF)).toEqual({ kind: 'unavailable', reason: 'garbled' });
  });
});
