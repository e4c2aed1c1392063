import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startContact2Sale } from '../../src/c2s/sandbox/index.ts';
import type { SandboxContact2Sale } from '../../src/c2s/sandbox/index.ts';
import { CASES } from './cases.ts';
import { runCase } from './run-case.ts';

/** The contract suite must see what it exists to see: here it looks at a gateway with the Python one's faults. */
let c2s: SandboxContact2Sale;
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => void relay(request.url ?? '', body).then((text) => response.writeHead(500).end(text)));
});

/** Sends a message under the name that Contact2Sale does not know, and quotes the address when that is refused. */
async function relay(url: string, body: string): Promise<string> {
  const target = `${c2s.url}/integration${url.replace('/messages', '/create_message')}`;
  await fetch(target, {
    method: 'POST',
    body,
    headers: { authorization: 'Bearer t', 'content-type': 'application/json' },
  });
  return JSON.stringify({ detail: `Client error '422' for url '${target}'` });
}

beforeEach(async () => {
  c2s = await startContact2Sale({ token: 't' });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve).closeAllConnections());
  await c2s.close();
});

it('names each way in which another gateway differs from a case', async () => {
  const one = CASES.find(({ name }) => name.startsWith('leads.messages.create is answered 200'));
  if (!one) throw new Error('the case is gone');
  const { port } = server.address() as AddressInfo;
  const differences = await runCase(`http://127.0.0.1:${port}`, c2s, one);
  expect(differences).toEqual([
    'answer.status: 500 instead of 200',
    'the answer holds the internal address',
    expect.stringMatching(/^sent .*"message":"olá.* instead of .*"body":"olá/),
  ]);
});
