import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { inventedCpf } from '../src/c2s/sandbox/cpf.ts';

/**
 * The upstreams of bench/enrichment.ts, in a thread of their own: Contact2Sale, Diretrix and Work API, 20 ms each. Says
 * its URLs first; then, asked by any message, how many leads have a message, how many have more than one,
 * and what CPU time it took.
 */

const LATENCY_MS = 20;

const messages = new Map<string, number>();
const json = (value: unknown): string => JSON.stringify(value);

/** The lead's number is in its id; its person is known by both contacts. */
function answerC2s(method: string, url: string): string {
  const id = url.split('/')[3]?.split('?')[0] ?? '';
  if (method === 'POST') messages.set(id, (messages.get(id) ?? 0) + 1);
  const n = Number.parseInt(id.slice(-6), 16);
  const customer = {
    id: n,
    name: 'Pessoa Inventada',
    email: `p${n}@example.com`,
    phone: `119${String(n).padStart(8, '1')}`,
  };
  return json({ data: { id, type: 'lead', attributes: { customer, messages: [], updated_at: '2026-01-01' } } });
}

const person = (n: number) => ({ nome: 'PESSOA INVENTADA', cpf: inventedCpf(n) });

function answerDiretrix(url: string): string {
  const digits = /Email\/p(\d+)/.exec(url)?.[1] ?? /Telefone\/119(\d+)/.exec(url)?.[1]?.replace(/^1+/, '') ?? '0';
  return json([person(Number(digits))]);
}

function answerWorkApi(url: string): string {
  const cpf = new URL(url, 'http://bench').searchParams.get('consulta');
  return json({
    status: 200,
    DadosBasicos: { nome: 'PESSOA INVENTADA', cpf, dataNascimento: '15/05/1985', sexo: 'F - FEMININO' },
    DadosEconomicos: { renda: '8500,50', score: { scoreCSBA: '700' } },
    emails: [{ email: 'p@example.com', prioridade: 1 }],
    telefones: [{ telefone: '11900000000', whatsapp: 'SIM' }],
    enderecos: [{ logradouro: 'DO EXEMPLO', cidade: 'SÃO PAULO', uf: 'SP', cep: '01000000' }],
    empresas: [],
  });
}

async function upstream(answer: (method: string, url: string) => string): Promise<string> {
  const server = createServer((req, res) => {
    req.resume().on('end', () =>
      setTimeout(() => {
        const status = req.method === 'POST' ? 201 : 200;
        res.writeHead(status, { 'content-type': 'application/json' }).end(answer(req.method ?? '', req.url ?? ''));
      }, LATENCY_MS),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const urls = await Promise.all([
  upstream(answerC2s),
  upstream((_, url) => answerDiretrix(url)),
  upstream((_, url) => answerWorkApi(url)),
]);
parentPort?.postMessage(urls);
parentPort?.on('message', () => {
  const doubles = [...messages.values()].filter((n) => n > 1).length;
  const { user, system } = process.threadCpuUsage();
  parentPort?.postMessage({ leads: messages.size, doubles, cpuMs: (user + system) / 1000 });
});
