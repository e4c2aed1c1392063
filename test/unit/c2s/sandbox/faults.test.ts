import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Faults, seededRandom } from '../../../../src/c2s/sandbox/index.ts';
import type { FaultSpec } from '../../../../src/c2s/sandbox/index.ts';
import { LEAD, TOKEN, ask, closing, contact2sale, watch } from './harness.ts';

const ME = '/integration/me';
const MESSAGES = `/integration/leads/${LEAD}/create_message`;

/** A Contact2Sale stand-in with this fault on `/integration/me`. */
async function faulty(fault: Omit<FaultSpec, 'path'>) {
  const standIn = await contact2sale();
  standIn.faults.add({ path: ME, ...fault });
  return standIn;
}

describe('what a fault does to the answer', () => {
  test('status alone answers the reason phrase as JSON', async () => {
    const { url } = await faulty({ status: 503 });
    const answer = await ask(url, 'GET', ME);
    expect([answer.status, answer.json]).toEqual([503, { error: 'Service Unavailable' }]);
  });

  test('status, headers and a JSON body are sent as given', async () => {
    const { url } = await faulty({ status: 429, headers: { 'retry-after': '7' }, body: { error: 'slow' } });
    const answer = await ask(url, 'GET', ME);
    expect([answer.status, answer.headers.get('retry-after'), answer.json]).toEqual([429, '7', { error: 'slow' }]);
  });

  test.each(['', '<html>down</html>', '{"broken":'])('the text %j is sent as it is', async (body) => {
    const { url } = await faulty({ status: 200, body });
    const answer = await ask(url, 'GET', ME);
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([
      200,
      body,
      'text/plain; charset=utf-8',
    ]);
  });

  test('204 has no content', async () => {
    const { url } = await faulty({ status: 204 });
    const answer = await ask(url, 'GET', ME);
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([204, '', null]);
  });

  test('reset before-headers: the connection breaks before a status arrives', async () => {
    const { url } = await faulty({ reset: 'before-headers' });
    expect(await watch(url + ME)).toEqual({ status: undefined, received: '', broken: 'ECONNRESET' });
  });

  test('reset mid-headers: part of the head is on the wire, and no client may take it for an answer', async () => {
    const { url } = await faulty({ reset: 'mid-headers' });
    expect(await watch(url + ME)).toEqual({ status: undefined, received: '', broken: 'ECONNRESET' });
  });

  test('reset mid-body: the status and the first half arrive, then the connection breaks', async () => {
    const { url } = await faulty({ reset: 'mid-body', body: '0123456789' });
    expect(await watch(url + ME)).toEqual({ status: 200, received: '01234', broken: 'ECONNRESET' });
  });

  test('reset mid-body of an empty body: the head promises what never comes', async () => {
    const { url } = await faulty({ reset: 'mid-body', body: '' });
    expect(await watch(url + ME)).toEqual({ status: 200, received: '', broken: 'ECONNRESET' });
  });

  test('hang: nothing is answered until the caller leaves or the stand-in is closed', async () => {
    const standIn = await faulty({ hang: true });
    const answer = watch(standIn.url + ME);
    await expect.poll(() => standIn.received.length).toBe(1);
    await standIn.close();
    expect(await answer).toEqual({ status: undefined, received: '', broken: 'ECONNRESET' });
  });

  test('latency delays the true answer', async () => {
    const { url } = await faulty({ latencyMs: 60 });
    const began = performance.now();
    expect((await ask(url, 'GET', ME)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(55);
  });

  test('latency and status: the error comes late', async () => {
    const { url } = await faulty({ latencyMs: 60, status: 504 });
    const began = performance.now();
    expect((await ask(url, 'GET', ME)).status).toBe(504);
    expect(performance.now() - began).toBeGreaterThanOrEqual(55);
  });
});

describe('a write and its lost answer', () => {
  const send = (url: string) =>
    ask(url, 'POST', MESSAGES, { body: 'once' }).then(
      ({ status }) => status,
      () => 'broken',
    );
  const messages = ({ crm }: Awaited<ReturnType<typeof contact2sale>>) =>
    crm.leads.get(LEAD)?.attributes.messages.length;

  test.each([
    [{ status: 500 }, 500],
    [{ reset: 'before-headers' }, 'broken'],
    [{ reset: 'mid-headers' }, 'broken'],
    [{ reset: 'mid-body' }, 'broken'],
  ] as const)('%j: the request is received, the operation is not carried out', async (fault, seen) => {
    const standIn = await contact2sale();
    standIn.faults.add({ path: MESSAGES, ...fault });
    expect(await send(standIn.url)).toBe(seen);
    expect([standIn.received.length, messages(standIn)]).toEqual([1, 0]);
  });

  test.each([
    [{ status: 500 }, 500],
    [{ latencyMs: 5 }, 201],
    [{ reset: 'before-headers' }, 'broken'],
    [{ reset: 'mid-headers' }, 'broken'],
    [{ reset: 'mid-body' }, 'broken'],
  ] as const)('%j with applied: the operation is carried out, once', async (fault, seen) => {
    const standIn = await contact2sale();
    standIn.faults.add({ path: MESSAGES, applied: true, ...fault });
    expect(await send(standIn.url)).toBe(seen);
    expect([standIn.received.length, messages(standIn)]).toEqual([1, 1]);
  });

  test('applied and mid-body cuts through the true answer', async () => {
    const { url } = await faulty({ reset: 'mid-body', applied: true });
    const whole = (await ask((await contact2sale()).url, 'GET', ME)).text;
    const { status, received, broken } = await watch(url + ME);
    expect([status, broken]).toEqual([200, 'ECONNRESET']);
    expect(received).toBe(whole.slice(0, Math.floor(whole.length / 2)));
  });

  test('applied and delayed is answered with the headers of the true answer', async () => {
    const { url } = await faulty({ latencyMs: 1, applied: true });
    const late = await ask(url, 'GET', ME);
    const prompt = await ask((await contact2sale()).url, 'GET', ME);
    expect([late.status, late.text]).toEqual([200, prompt.text]);
    expect(late.headers.get('etag')).toBe(prompt.headers.get('etag'));
  });

  test('a caller that leaves during the latency does not stop the operation', async () => {
    const standIn = await contact2sale();
    standIn.faults.add({ path: MESSAGES, latencyMs: 80 });
    const leave = new AbortController();
    const init = { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` }, body: '{"body":"x"}' };
    const call = fetch(standIn.url + MESSAGES, { ...init, signal: leave.signal });
    await expect.poll(() => standIn.received.length).toBe(1);
    leave.abort();
    await expect(call).rejects.toThrow('aborted');
    await expect.poll(() => messages(standIn)).toBe(1);
  });
});

describe('which requests a fault strikes', () => {
  const hits = async (fault: FaultSpec, method: string, path: string) => {
    const faults = new Faults(seededRandom(1));
    faults.add(fault);
    // Over plain node:http: the layer stands in front of any server.
    const server = createServer((req, res) => {
      void faults.middleware()(req, res, () => res.end('served'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing({ close: async () => void server.close() });
    const { port } = server.address() as AddressInfo;
    return (await ask(`http://127.0.0.1:${port}`, method, path)).text !== 'served';
  };

  test.each([
    ['/integration/leads/:leadId', '/integration/leads/x', true],
    ['/integration/leads/:leadId', '/integration/leads/x?a=/b', true],
    ['/integration/leads/:leadId', '/integration/leads', false],
    ['/integration/leads/:leadId', '/integration/leads/x/tags', false],
    ['/integration/leads', '/integration/leads', true],
    ['/integration/leads', '/integration/leads/x', true],
    ['/integration/leads', '/integration/leadsx', false],
    ['/', '/anything/at/all', true],
  ])('a fault on %s and a request to %s: %s', async (path, asked, struck) => {
    expect(await hits({ path, status: 500 }, 'GET', asked)).toBe(struck);
  });

  test('an exact path is no prefix', async () => {
    expect(await hits({ path: '/a', exact: true, status: 500 }, 'GET', '/a')).toBe(true);
    expect(await hits({ path: '/a', exact: true, status: 500 }, 'GET', '/a/b')).toBe(false);
  });

  test('a fault with a method strikes that method only', async () => {
    expect(await hits({ path: '/a', method: 'POST', status: 500 }, 'POST', '/a')).toBe(true);
    expect(await hits({ path: '/a', method: 'POST', status: 500 }, 'GET', '/a')).toBe(false);
  });

  test('a fault strikes `times` times, then the next one takes over, then all is well', async () => {
    const { url, faults } = await contact2sale();
    const first = faults.add({ path: ME, status: 503, times: 2 });
    faults.add({ path: '/integration', status: 502, times: 1 });
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await ask(url, 'GET', ME)).status);
    expect(statuses).toEqual([503, 503, 502, 200]);
    expect(first.struck).toBe(2);
  });

  test('an error rate strikes that share of the requests, the same ones for the same randomness', async () => {
    const draws = [0.1, 0.29, 0.3, 0.9];
    const { url, faults } = await contact2sale({ random: () => draws.shift() ?? 1 });
    const fault = faults.add({ path: ME, errorRate: 0.3 });
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await ask(url, 'GET', ME)).status);
    expect(statuses).toEqual([500, 500, 200, 200]);
    expect(fault.struck).toBe(2);
  });
});

test.each([
  [{ path: '/a' }, /write what happens/],
  [{ path: '/a', status: 99 }, /status/],
  [{ path: 'a', status: 500 }, /path/],
  [{ path: '/a', method: 'get', status: 500 }, /upper case/],
  [{ path: '/a', hang: true, reset: 'mid-body' }, /either reset or hang/],
  [{ path: '/a', latency: 5, status: 500 }, /latency/],
])('the fault %j is refused', (spec, message) => {
  expect(() => new Faults(() => 0).add(spec as FaultSpec)).toThrow(message);
});

test('a fault that names a query strikes only requests that hold it', async () => {
  const { url, faults } = await contact2sale();
  faults.add({ path: ME, status: 503, query: { of: 'a b' } });
  const statuses = [];
  for (const query of ['', '?of=a', '?of=a%20b', '?x=1&of=a+b']) {
    statuses.push((await ask(url, 'GET', `${ME}${query}`)).status);
  }
  expect(statuses).toEqual([200, 200, 503, 503]);
});
