import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startGateway } from '../../../../src/c2s/gateway/index.ts';
import { closeLater, post, start, until } from './started.ts';
import { closedPort, startUpstream } from './upstream-fixture.ts';

describe('the gateway service', () => {
  it('passes a lead through byte by byte, asked with its own token', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 200, body: '{"data":{"id":"l1","n":12345678901234567890,"x":1e3}}' };
    const response = await fetch(`${gateway.url}/leads/l1`, { headers: { authorization: 'Bearer caller' } });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(c2s.answer.body);
    expect(c2s.received).toMatchObject([
      { method: 'GET', url: '/integration/leads/l1', headers: { authorization: 'Bearer secret' } },
    ]);
  });

  it('sends a message as `body`, unknown fields and number spellings kept, and answers 200 for 201', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 201, body: '{"ok":true}' };
    const response = await post(
      `${gateway.url}/leads/l1/messages`,
      '{"message":"oi","n":12345678901234567890,"e":1e3}',
    );
    expect(response.status).toBe(200);
    expect(c2s.received[0]?.body).toBe('{"n":12345678901234567890,"e":1e3,"body":"oi"}');
  });

  it.each(['/', '/health', '/docs', '/docs/start.js', '/openapi.json'])(
    'answers HEAD of its page %s as GET, without the body',
    async (path) => {
      const { gateway } = await start();
      const [head, get] = [await fetch(gateway.url + path, { method: 'HEAD' }), await fetch(gateway.url + path)];
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
      expect(head.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength));
    },
  );

  it('answers HEAD of an operation 405, and names HEAD where a page takes it', async () => {
    const { gateway, c2s } = await start();
    expect((await fetch(`${gateway.url}/leads/l1`, { method: 'HEAD' })).status).toBe(405);
    expect((await fetch(`${gateway.url}/health`, { method: 'POST' })).headers.get('allow')).toBe('GET, HEAD');
    expect(c2s.received).toEqual([]);
  });

  it.each([400, 401, 404, 422, 429, 500, 503])('passes the true status %i and body of Contact2Sale', async (status) => {
    const { gateway, c2s } = await start();
    c2s.answer = { status, body: '{"error":"so it is"}', headers: { 'retry-after': '7' } };
    const response = await fetch(`${gateway.url}/leads/l1`);
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.text()).toBe('{"error":"so it is"}');
  });

  it('answers 502 and says that nothing was sent when the connection is refused', async () => {
    const port = await closedPort();
    const options = { port: 0, c2sBaseUrl: `http://127.0.0.1:${port}`, c2sToken: 'x' };
    const gateway = closeLater(await startGateway(options));
    const response = await post(`${gateway.url}/leads/l1/messages`, '{"message":"oi"}');
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ type: 'urn:c2s-gateway:unreachable', status: 502, outcome: 'unsent' });
    expect(text).not.toContain(String(port));
  });

  it('answers 504 when Contact2Sale is silent, and sends a write once', async () => {
    const { gateway, c2s } = await start({ deadlineMs: 150 });
    c2s.silent = true;
    const response = await post(`${gateway.url}/leads/l1/messages`, '{"message":"oi"}');
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ type: 'urn:c2s-gateway:deadline', outcome: 'unknown' });
    expect(c2s.received).toHaveLength(1);
  });

  it('sends a write once and a read twice when the connection is lost', async () => {
    const { gateway, c2s } = await start();
    c2s.reset = true;
    const write = await post(`${gateway.url}/leads/l1/messages`, '{"message":"oi"}');
    expect([write.status, await write.json()]).toMatchObject([502, { outcome: 'unknown' }]);
    expect(c2s.received.splice(0)).toHaveLength(1);
    expect((await fetch(`${gateway.url}/leads/l1`)).status).toBe(502);
    expect(c2s.received).toHaveLength(2);
  });

  it('keeps one connection for requests that follow each other', async () => {
    const { gateway, c2s } = await start();
    for (let i = 0; i < 5; i++) await (await fetch(`${gateway.url}/leads/l${i}`)).text();
    expect(c2s.received).toHaveLength(5);
    expect(c2s.connections).toBe(1);
  });

  it('refuses to listen beyond loopback without caller keys', async () => {
    await expect(startGateway({ host: '0.0.0.0', port: 0, c2sBaseUrl: 'http://127.0.0.1:1' })).rejects.toThrow(
      /no caller keys/,
    );
  });

  it('lets a request under way finish when it closes', async () => {
    const { gateway, c2s } = await start();
    c2s.silent = true;
    const pending = fetch(`${gateway.url}/leads/l1`);
    await c2s.until(1);
    const closed = gateway.close();
    c2s.release();
    expect((await pending).status).toBe(200);
    await closed;
    await expect(fetch(`${gateway.url}/health`)).rejects.toThrow();
  });

  it('gives a read up with its caller', async () => {
    const { gateway, c2s } = await start();
    c2s.silent = true;
    const leaving = new AbortController();
    const pending = fetch(`${gateway.url}/leads/l1`, { signal: leaving.signal });
    await c2s.until(1);
    leaving.abort();
    await expect(pending).rejects.toThrow();
    await until('the upstream sees the connection end', () => c2s.open === 0);
  });

  it('lets a write that was sent finish without its caller', async () => {
    const { gateway, c2s } = await start({ admin: { port: 0 } });
    c2s.silent = true;
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', body: '{"message":"oi"}', headers, signal: leaving.signal };
    const pending = fetch(`${gateway.url}/leads/l1/messages`, options);
    await c2s.until(1);
    leaving.abort();
    await expect(pending).rejects.toThrow();
    c2s.release();
    const counted = async (): Promise<boolean> =>
      (await (await fetch(`${gateway.adminUrl}/metrics`)).text()).includes('attempts_total{result="answered"} 1');
    await until('the write is answered', counted);
  });

  it('answers 502 for a redirect and keeps its address back', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 302, body: '', headers: { location: 'http://internal.example/' } };
    const response = await fetch(`${gateway.url}/leads/l1`, { redirect: 'manual' });
    expect(response.status).toBe(502);
    expect(response.headers.get('location')).toBeNull();
  });

  it('passes only headers that speak to the caller', async () => {
    const { gateway, c2s } = await start();
    const headers = { 'set-cookie': 'session=1', 'x-internal': 'yes', etag: '"1"', link: `<${c2s.url}/x>; rel=next` };
    c2s.answer = { status: 200, body: '{}', headers };
    const response = await fetch(`${gateway.url}/leads/l1`);
    expect(response.headers.get('etag')).toBe('"1"');
    for (const name of ['set-cookie', 'x-internal', 'link']) expect(response.headers.get(name)).toBeNull();
  });

  it('passes the pages of a list on, without the address of Contact2Sale', async () => {
    const { gateway, c2s } = await start();
    const at = (page: number, rel: string) => `<${c2s.url}/integration/leads?page=${page}&perpage=5>; rel="${rel}"`;
    const link = `${at(1, 'prev')}, ${at(3, 'next')}, <${c2s.url}/docs?x>; rel="help"`;
    const counts = { 'x-total-count': '11', 'total-entries': '11', 'total-pages': '3', 'current-page': '2' };
    c2s.answer = { status: 200, body: '{"data":[]}', headers: { ...counts, link } };
    const { headers } = await fetch(`${gateway.url}/leads?page=2&perpage=5`);
    expect(headers.get('link')).toBe('<?page=1&perpage=5>; rel="prev", <?page=3&perpage=5>; rel="next"');
    for (const [name, value] of Object.entries(counts)) expect([name, headers.get(name)]).toEqual([name, value]);
  });

  it('answers a success without a body with 204', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 204, body: '' };
    const response = await fetch(`${gateway.url}/leads/l1`);
    expect([response.status, response.headers.get('content-length')]).toEqual([204, null]);
  });

  it('passes text and broken JSON of a success on as they are', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 200, body: '{"a":NaN', headers: { 'content-type': 'text/html' } };
    const response = await fetch(`${gateway.url}/leads/l1`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(await response.text()).toBe('{"a":NaN');
  });

  it('keeps a path in front of the base URL', async () => {
    const c2s = closeLater(await startUpstream());
    const gateway = closeLater(await startGateway({ port: 0, c2sBaseUrl: `${c2s.url}/v1//`, c2sToken: 'x' }));
    await fetch(`${gateway.url}/company/me`);
    expect(c2s.received[0]?.url).toBe('/v1/integration/me');
  });

  it('keeps a sane request id and makes one in place of any other', async () => {
    const { gateway, c2s } = await start();
    const ask = async (id: string): Promise<string | null> =>
      (await fetch(`${gateway.url}/leads/l1`, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await ask('lead-7.a:b')).toBe('lead-7.a:b');
    expect(await ask('<script>')).toMatch(/^[0-9a-f-]{36}$/);
    expect(c2s.received[0]?.headers['x-request-id']).toBe('lead-7.a:b');
  });

  it('answers 413 to a body beyond the limit, whether it is announced or not', async () => {
    const { gateway, c2s } = await start({ maxBodyBytes: 100 });
    const body = JSON.stringify({ message: 'x'.repeat(200) });
    expect((await post(`${gateway.url}/leads/l1/messages`, body)).status).toBe(413);
    const chunked = { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' } as RequestInit;
    expect((await fetch(`${gateway.url}/leads/l1/messages`, chunked)).status).toBe(413);
    expect(c2s.received).toHaveLength(0);
  });

  it('sends new leads as JSON:API where the account wants it', async () => {
    const { gateway, c2s } = await start({ leadForm: 'jsonapi' });
    await post(`${gateway.url}/leads`, '{"customer":"Ana","phone":"11","n":1e3}');
    expect(c2s.received[0]?.body).toBe('{"data":{"type":"lead","attributes":{"name":"Ana","phone":"11","n":1e3}}}');
  });

  it('redirects a slash too many without reflecting the Host', async () => {
    // Without keys it answers no foreign Host at all.
    const { gateway } = await start({ callers: [{ name: 'one', sha256: '0'.repeat(64), access: 'full' }] });
    const { port } = new URL(gateway.url);
    const head = await raw(
      Number(port),
      'GET /leads/?page=2 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(head).toMatch(/^HTTP\/1\.1 307 /);
    expect(head).toMatch(/\r\nlocation: \/leads\?page=2\r\n/i);
    expect(head).not.toContain('evil.example');
  });

  it.each(['/leads/caf\u00e9', '/leads/a#b', '/leads?x=#'])('refuses the raw target %s', async (target) => {
    const { gateway, c2s } = await start();
    const head = await raw(
      Number(new URL(gateway.url).port),
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(c2s.received).toHaveLength(0);
  });
});

/** Sends bytes as they are; the whole answer as text. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}
