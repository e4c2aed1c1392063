import { hash } from 'node:crypto';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { createLogs } from '../../../../src/http/log.ts';
import { post, start, until } from './started.ts';

it('writes a line a request without paths, queries, bodies, keys or tokens', async () => {
  const lines: string[] = [];
  const logs = createLogs('trace', { write: (line: string) => lines.push(line) });
  const callers = [{ name: 'facade', sha256: hash('sha256', 'caller-key-1'), access: 'full' }] as const;
  const { gateway, c2s } = await start({ logs, callers, c2sToken: 'c2s-token-1', deadlineMs: 100 });
  const headers = { authorization: 'Bearer caller-key-1', 'x-request-id': 'r-1' };
  await fetch(`${gateway.url}/leads?phone=11987654321&email=ana%40example.com`, { headers });
  await post(`${gateway.url}/leads/l-77/messages`, '{"message":"CPF de Ana Souza"}', headers);
  await post(`${gateway.url}/leads/l-77/messages`, '{"Ana Souza":"x"}', headers);
  await fetch(`${gateway.url}/ana-souza`, { headers });
  c2s.reset = true;
  await fetch(`${gateway.url}/leads/l-77`, { headers });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 30, requestId: 'r-1', operation: 'leads.list', method: 'GET', status: 200, caller: 'facade' },
    { level: 30, operation: 'leads.messages.create', status: 200 },
    { level: 30, operation: 'leads.messages.create', status: 422 },
    { level: 30, operation: 'none', status: 404 },
    { level: 40, operation: 'leads.get', status: 502, fault: 'connection-lost' },
  ]);
  expect(lines.join('')).not.toMatch(/1198765|ana|souza|cpf|l-77|caller-key|c2s-token|127\.0\.0\.1/i);
});

it('blames no fault of ours when a caller leaves in the middle of its body', async () => {
  const lines: string[] = [];
  const logs = createLogs('trace', { write: (line: string) => lines.push(line) });
  const { gateway, c2s } = await start({ logs });
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const head =
    'POST /leads/l1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{';
  socket.write(head, () => socket.destroy());
  await until('the line is written', () => lines.length === 1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 20, status: 499, fault: 'caller-left' });
  expect(c2s.received).toHaveLength(0);
});
