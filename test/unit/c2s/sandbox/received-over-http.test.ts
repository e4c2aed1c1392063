import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { LEAD, TOKEN, ask, contact2sale } from './harness.ts';

test('a request is kept as it came: raw target, headers, token and body', async () => {
  const { url, received } = await contact2sale({ now: () => 0 });
  await ask(url, 'POST', '/integration/leads/a%2Fb/create_message?x=%20&x', { body: 'olá' });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    at: '1970-01-01T00:00:00.000Z',
    method: 'POST',
    path: '/integration/leads/a%2Fb/create_message',
    query: 'x=%20&x',
    authorization: `Bearer ${TOKEN}`,
    rawBody: '{"body":"olá"}',
    body: { body: 'olá' },
    complete: true,
  });
});

test('a body that is not JSON is kept as text', async () => {
  const { url, received } = await contact2sale();
  await fetch(`${url}/integration/tags`, { method: 'POST', body: '{"n":12345678901234567890,}' });
  expect([received[0]?.body, received[0]?.rawBody]).toEqual([undefined, '{"n":12345678901234567890,}']);
});

test('requests that are refused are received too', async () => {
  const { url, received } = await contact2sale();
  await fetch(`${url}/integration/me`);
  await ask(url, 'GET', '/nothing');
  expect(received.map(({ path }) => path)).toEqual(['/integration/me', '/nothing']);
});

test('a body that breaks off is received, incomplete, and not carried out', async () => {
  const { port, received, crm } = await contact2sale();
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const head = `POST /integration/leads/${LEAD}/create_message HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n`;
  socket.write(`${head}content-length: 100\r\n\r\n{"body":"half`, () => socket.destroy());
  await expect.poll(() => received.length).toBe(1);
  expect(received[0]).toMatchObject({ rawBody: '{"body":"half', body: undefined, complete: false });
  expect(crm.leads.get(LEAD)?.attributes.messages).toEqual([]);
});

test('the log is empty after it was cleared, and goes on', async () => {
  const standIn = await contact2sale();
  const { url, received } = standIn;
  await ask(url, 'GET', '/integration/me');
  standIn.clearReceived();
  expect(received).toEqual([]);
  await ask(url, 'GET', '/integration/tags');
  expect(received.map(({ path }) => path)).toEqual(['/integration/tags']);
});
