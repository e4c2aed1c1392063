import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { DATABASE_DOWN, NO_DATABASE, NOT_CONFIGURED } from '../../src/c2s/enrichment/availability.ts';
import { openRaw, type RawCaller } from '../e2e/kit/raw.ts';
import { until } from '../e2e/kit/upstream.ts';
import { SECRET, startWebhooks, type WebhookServer, type WebhookServerOptions } from './kit/webhook-server.ts';

/** What a webhook takes of strangers: 64 KiB, uncompressed, in time, and nothing at all before the secret is judged. */

let server: WebhookServer;
const callers: RawCaller[] = [];
afterEach(async () => {
  for (const caller of callers.splice(0)) caller.destroy();
  await server.close();
});
const start = async (options?: WebhookServerOptions): Promise<void> => void (server = await startWebhooks(options));

function open(url = server.url): RawCaller {
  const caller = openRaw(url);
  callers.push(caller);
  return caller;
}

const head = (path: string, headers: readonly string[]): string =>
  [`POST /api/v1/webhooks/${path} HTTP/1.1`, 'host: x', 'content-type: application/json', ...headers, '', ''].join(
    '\r\n',
  );
const token = (secret: string): string => `x-webhook-token: ${secret}`;
const ANSWER = /^HTTP\/1\.1 (\d{3})/m;
/** The status of an answer that comes while the caller has sent nothing but this. */
const statusOf = async (sent: string): Promise<number> => {
  const caller = open();
  caller.send(sent);
  const answer = await caller.until(/\r\n\r\n\{/);
  return Number(ANSWER.exec(answer)?.[1]);
};

const EVENT = JSON.stringify({ id: 'l1', hook_action: 'on_create_lead' });
const KEYLESS_LEAD = JSON.stringify({ google_key: '123', lead_id: 'g1', user_column_data: [] });
const LEAD = JSON.stringify({ google_key: SECRET, lead_id: 'g1', user_column_data: [] });
/** Google's lead is there at once in front of this service: 201. */
const WAYS: readonly [string, string, string, string, number][] = [
  ['a header', 'c2s', token(SECRET), EVENT, 200],
  ['the path', `c2s/${SECRET}`, 'x-other: 1', EVENT, 200],
  ['the parameter token', `c2s?token=${SECRET}`, 'x-other: 1', EVENT, 200],
  ['the parameter secret', `c2s/?a=1&secret=${encodeURIComponent(SECRET)}`, 'x-other: 1', EVENT, 200],
  ['the path and a header', `c2s/${SECRET}`, token(SECRET), EVENT, 200],
  ['the body', 'google-ads', 'x-other: 1', LEAD, 201],
  ['the parameter google_key', `google-ads?google_key=${SECRET}`, 'x-other: 1', KEYLESS_LEAD, 201],
];
const FRAMINGS = ['content-length: 1000', 'transfer-encoding: chunked'];

describe.each(WAYS)('with the secret in %s', (_, path, header, body, taken) => {
  test('a push of 64 KiB is taken, and one byte more is refused by its length, before it is read', async () => {
    await start();
    const post = (bytes: number) =>
      fetch(`${server.url}/api/v1/webhooks/${path}`, {
        method: 'POST',
        headers: { [header.split(': ')[0] ?? '']: header.split(': ')[1] ?? '' },
        body: body.padEnd(bytes, ' '),
      });
    expect((await post(64 * 1024)).status).toBe(taken);
    expect(server.kept).toHaveLength(1);
    expect((await post(64 * 1024 + 1)).status).toBe(413);
    expect(await statusOf(head(path, [header, 'content-length: 65537']))).toBe(413);
    expect(server.kept).toHaveLength(1);
  });

  test('of unknown length it is refused when it is longer, whole or not', async () => {
    await start();
    const caller = open();
    caller.send(head(path, [header, 'transfer-encoding: chunked']));
    for (let i = 0; i < 5; i++) caller.send(`4000\r\n${' '.repeat(0x4000)}\r\n`);
    expect(await caller.closed()).toMatch(/^HTTP\/1\.1 413 [^]*"type":"urn:c2s-facade:body-too-large"/);
  });

  test('a body that stops, or only drips, is 408 at its deadline, and the connection ends', async () => {
    await start({ pushDeadlineMs: 150 });
    const answers = FRAMINGS.map(async (framing) => {
      const [silent, dripping] = [open(), open()];
      for (const caller of [silent, dripping]) caller.send(head(path, [header, framing]));
      const drip = setInterval(() => dripping.send(framing.startsWith('content') ? ' ' : '1\r\n \r\n'), 20);
      return Promise.all([silent.closed(), dripping.closed()]).finally(() => clearInterval(drip));
    });
    for (const answer of (await Promise.all(answers)).flat())
      expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*connection: close[^]*body-timeout/i);
    expect(server.kept).toEqual([]);
  });

  test('a compressed body is refused with a sentence that says what to send', async () => {
    await start();
    const caller = open();
    caller.send(head(path, [header, 'content-encoding: gzip', 'content-length: 1000']));
    expect(await caller.closed()).toMatch(/^HTTP\/1\.1 415 [^]*without Content-Encoding/);
  });

  test('its body is asked for when it is wanted: Expect is answered by 100, then by the answer', async () => {
    await start();
    const caller = open();
    caller.send(head(path, [header, 'expect: 100-continue', `content-length: ${body.length}`]));
    expect(await caller.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 /);
    caller.send(body);
    expect(await caller.until(/"processed"/)).toMatch(new RegExp(`HTTP/1\\.1 ${taken} `));
  });

  test.each([
    ['not configured', NOT_CONFIGURED, 501],
    ['without a database', NO_DATABASE, 503],
    ['while the database is away', DATABASE_DOWN, 503],
  ])('%s nothing is read, and nobody is asked for a body', async (_why, problem, status) => {
    for (const webhookSecret of [SECRET, undefined]) {
      await start({ availability: { isOpen: false, problem }, webhookSecret });
      for (const framing of FRAMINGS) {
        expect(await statusOf(head(path, [header, framing]))).toBe(status);
        expect(await statusOf(head(path, [header, framing, 'expect: 100-continue']))).toBe(status);
        expect(await statusOf(head(path, [header, framing, 'content-encoding: gzip']))).toBe(status);
      }
      if (webhookSecret !== undefined) await server.close();
    }
  });

  test('where no secret is set nothing is read', async () => {
    await start({ webhookSecret: undefined });
    for (const framing of FRAMINGS) {
      expect(await statusOf(head(path, [header, framing, 'expect: 100-continue']))).toBe(503);
    }
  });
});

test.each([
  ['a wrong header', 'c2s', token('wrong')],
  ['a wrong header beside the right path', `c2s/${SECRET}`, token('wrong')],
  ['no header', 'c2s', 'x-other: 1'],
  ['a wrong path', 'c2s/wrong', 'x-other: 1'],
  ['an empty header', 'c2s', 'x-webhook-token:'],
  ['a wrong parameter', 'c2s?token=wrong', 'x-other: 1'],
  ['an empty parameter', 'c2s?secret=', 'x-other: 1'],
  ['a wrong parameter beside the right one', `c2s?token=${SECRET}&token=wrong`, 'x-other: 1'],
  ['a wrong parameter beside the right path', `c2s/${SECRET}?secret=wrong`, 'x-other: 1'],
  ['a wrong google_key in the address', 'google-ads?google_key=wrong', 'x-other: 1'],
  ['a google_key twice', `google-ads?google_key=${SECRET}&google_key=wrong`, 'x-other: 1'],
])('%s is 401 before a byte of the body is read, or asked for', async (_, path, header) => {
  await start();
  for (const framing of FRAMINGS) {
    for (const more of [[], ['expect: 100-continue'], ['content-encoding: gzip']]) {
      expect(await statusOf(head(path, [header, framing, ...more]))).toBe(401);
    }
    expect(await statusOf(head(path, [header, 'content-length: 9999999999']))).toBe(401);
  }
  expect(server.kept).toEqual([]);
});

test.each(['', '"google_key":"wrong",', '"google_key":1,', `"google_key":["${SECRET}"],`])(
  'a wrong google_key (%s) is 401 before anything is kept',
  async (key) => {
    await start();
    const body = `{${key}"lead_id":"g1"}`;
    const res = await fetch(`${server.url}/api/v1/webhooks/google-ads`, { method: 'POST', body });
    expect([res.status, server.kept]).toEqual([401, []]);
  },
);

test('a refusal reaches a caller that is still sending', async () => {
  await start();
  const res = await fetch(`${server.url}/api/v1/webhooks/c2s/wrong`, { method: 'POST', body: 'x'.repeat(1 << 20) });
  expect(res.status).toBe(401);
});

const MANY = 40;
const MOST_BYTES = 10 * 1024 * 1024;
const residentBytes = ({ pid }: ChildProcess): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Seven MiB of blanks as gzip, all but its end: whoever unpacks it holds all seven. */
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const bomb = Buffer.concat([
  GZIP_HEAD,
  deflateRawSync(Buffer.alloc(7 * 1024 * 1024, ' '), { finishFlush: constants.Z_SYNC_FLUSH }),
]);

test.runIf(process.platform === 'linux')(
  `${MANY} senders that fall silent move the memory by less than 10 MiB`,
  async () => {
    await start();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kit/webhook-server.ts')], { stdio: 'pipe' });
    try {
      let url = '';
      child.stdout.on('data', (chunk: Buffer) => (url += chunk.toString()));
      await until(() => url.includes('\n'), 'it listens', 20_000);
      const warm = Array.from({ length: MANY }, () =>
        fetch(`${url.trim()}/api/v1/webhooks/c2s`, {
          method: 'POST',
          headers: { 'x-webhook-token': SECRET },
          body: EVENT.padEnd(60_000),
        }),
      );
      for (const res of await Promise.all(warm)) expect(res.status).toBe(200);
      const before = residentBytes(child);
      const silent = (path: string, headers: readonly string[], body: Buffer | string): void => {
        const caller = open(url.trim());
        caller.send(head(path, headers));
        caller.send(body);
      };
      for (const [path, header] of [
        ['google-ads', 'x-other: 1'],
        ['c2s', token(SECRET)],
      ] as const) {
        const coded = [header, 'content-encoding: gzip', `content-length: ${bomb.length + 8}`];
        for (let i = 0; i < MANY; i++) silent(path, coded, bomb);
        const answered = () => callers.every((caller) => /^HTTP\/1\.1 415 /.test(caller.text()));
        await until(answered, 'all are refused', 10_000);
        for (const caller of callers.splice(0)) caller.destroy();
        // Plain, and just below the limit, they are held until the deadline.
        for (let i = 0; i < MANY; i++) silent(path, [header, 'content-length: 65536'], ' '.repeat(65_535));
        const probe = await fetch(`${url.trim()}/api/v1/webhooks/c2s`, { method: 'POST' });
        expect(probe.status).toBe(401);
        expect(residentBytes(child) - before).toBeLessThan(MOST_BYTES);
        for (const caller of callers.splice(0)) caller.destroy();
      }
    } finally {
      child.kill('SIGKILL');
    }
  },
);

describe('without a secret, while such pushes are taken', () => {
  const unsigned = { untilMs: Date.now() + 3_600_000, perMinute: 3 };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/v1/webhooks/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const event = (id: string) => ({ id, hook_action: 'on_create_lead' });

  test.each([
    ['with WEBHOOK_SECRET', SECRET, 401],
    ['without WEBHOOK_SECRET', undefined, 503],
  ])('an event is taken, and a secret that is not the right one never (%s)', async (_, webhookSecret, refused) => {
    await start({ unsigned, webhookSecret });
    expect((await post('c2s', event('1'))).status).toBe(200);
    expect((await post('c2s/', event('2'))).status).toBe(200);
    expect(server.kept).toHaveLength(2);
    for (const path of ['c2s/wrong', 'c2s?token=wrong', 'c2s?token=', 'c2s/%zz?secret=x', 'c2s/wrong?a=1#c2s'])
      expect([path, [refused, 400].includes((await post(path, event('3'))).status)]).toEqual([path, true]);
    expect((await post('c2s', event('3'), { 'x-webhook-token': 'wrong' })).status).toBe(refused);
    expect((await post('google-ads', { lead_id: 'g' })).status).toBe(refused);
    expect(server.kept).toHaveLength(2);
  });

  test('beyond the limit it is 429 with the time to wait, before the body is read; signed ones are not limited', async () => {
    await start({ unsigned });
    expect((await post('c2s', [event('1'), event('2'), event('3'), event('4')])).status).toBe(200);
    const late = await post('c2s', event('5'));
    expect([late.status, await late.json()]).toEqual([
      429,
      expect.objectContaining({ type: 'urn:c2s-facade:unsigned-pushes' }),
    ]);
    // Four of three a minute: two have to drain.
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(35);
    expect(Number(late.headers.get('retry-after'))).toBeLessThanOrEqual(40);
    expect(await statusOf(head('c2s', ['content-length: 1000']))).toBe(429);
    expect((await post('c2s', event('5'), { 'x-webhook-token': SECRET })).status).toBe(200);
    expect(server.kept).toHaveLength(5);
  });

  test('after the date it is 401', async () => {
    await start({ unsigned: { ...unsigned, untilMs: Date.now() - 1 } });
    expect((await post('c2s', event('1'))).status).toBe(401);
  });
});
