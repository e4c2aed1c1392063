import { expect, test } from 'vitest';
import { startSandbox } from '../../../../src/c2s/sandbox/index.ts';
import { PEOPLE } from '../../../../src/c2s/sandbox/people.ts';
import { closing, contact2sale } from './harness.ts';

test('startSandbox answers settings with which all three stand-ins can be asked', async () => {
  const { c2s, workApi, diretrix } = closing(await startSandbox());
  const cpf = PEOPLE[0]?.cpf;
  const basic = `Basic ${Buffer.from(`${diretrix.user}:${diretrix.pass}`).toString('base64')}`;
  const answers = await Promise.all([
    fetch(`${c2s.url}/integration/me`, { headers: { authorization: `Bearer ${c2s.token}` } }),
    fetch(`${workApi.url}/api?token=${workApi.key}&modulo=cpf&consulta=${cpf}`),
    fetch(`${diretrix.url}/Consultas/Pessoa/${cpf}`, { headers: { authorization: basic } }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await Promise.all(answers.map((answer) => answer.text()));
});

test('stand-ins listen on loopback only', async () => {
  const { c2s, workApi, diretrix } = closing(await startSandbox());
  for (const { url } of [c2s, workApi, diretrix]) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('close ends kept-alive connections at once, may be called twice, and frees the port', async () => {
  const first = await contact2sale();
  await (await fetch(`${first.url}/nothing`)).text();
  await first.close();
  await first.close();
  const second = await contact2sale({ port: first.port });
  expect(second.port).toBe(first.port);
});

test('when a port is taken, startSandbox fails and leaves nothing behind', async () => {
  const { port: taken } = await contact2sale();
  const closed = await contact2sale();
  const free = closed.port;
  await closed.close();
  await expect(startSandbox({ c2s: free, workApi: taken })).rejects.toThrow('EADDRINUSE');
  await expect(fetch(`http://127.0.0.1:${free}/`)).rejects.toThrow('fetch failed');
});
