import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasNginx, startNginx, type Nginx } from '../kit/nginx.ts';
import { until } from '../kit/upstream.ts';
import { AUTH, put, startWire, WAYS, type Wire } from '../kit/wire.ts';

/** What test/e2e/wire/upgrade-desync does with parsers of its own, with a real nginx as Contact2Sale. */

const [, , passthrough] = WAYS;
const OFFER = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
const bodies: [string, string][] = [
  ['a length, and no body', 'Content-Length: 330\r\n\r\n'],
  ['a length, and a part of the body', `Content-Length: 330\r\n\r\n${SMUGGLED}`],
  ['a long body, of which half comes', `Content-Length: 400000\r\n\r\n${'x'.repeat(200_000)}`],
  ['a body that does come', `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['chunks without an end', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ['the length 0', 'Content-Length: 0\r\n\r\n'],
  ['no body, and a request behind it', `\r\n${SMUGGLED}`],
];

if (!hasNginx) console.log('nginx is not installed: its tests are skipped (apt-get install nginx-light)');

describe.skipIf(!hasNginx)('nginx', () => {
  let nginx: Nginx;
  let wire: Wire;
  beforeAll(async () => {
    nginx = await startNginx(`location /api/v9/things/7 { return 200 ok; } location / { return 404; }`);
    wire = await startWire((config) => {
      config.setIn(['upstreams', 'direct', 'url'], nginx.url);
      config.setIn(['defaults', 'deadlines'], { connect: '1s', firstByte: '1s', idle: '300ms', total: '2s' });
    });
  });
  afterAll(async () => {
    await wire.close();
    await nginx.close();
  });

  test.each(bodies)('an offer of an upgrade with %s leaves the next write whole', async (_, rest) => {
    const before = nginx.requests().length;
    const caller = wire.caller();
    caller.send(`GET ${passthrough.read} HTTP/1.1\r\nhost: facade.test\r\n${AUTH}${OFFER}${rest}`);
    await until(() => caller.text() !== '' || caller.isClosed(), 'an answer');
    for (let i = 0; i < 5; i++) {
      expect((await wire.caller().ask(put(passthrough, 'content-length: 5\r\n', 'known'))).status).toBe(200);
    }
    await until(() => nginx.requests().filter((line) => line.endsWith(' 200')).length % 5 === 0, 'all are logged');
    const seen = nginx.requests().slice(before);
    expect(seen.filter((line) => line === `PUT ${passthrough.write} HTTP/1.1 200`)).toHaveLength(5);
    expect(seen.join('\n')).not.toContain('smuggled');
    caller.destroy();
  });
});
