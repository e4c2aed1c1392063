import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogs, type Logger } from '../../../src/http/log.ts';

function setUp(level = 'info'): { log: Logger; text: () => string; last: () => Record<string, unknown> } {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const { log } = createLogs(level, sink);
  const last = () => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  return { log, text: () => text, last };
}

test('a line is JSON with a level, an ISO time and what was said, and nothing of the machine', () => {
  const { log, last } = setUp();
  log.info({ route: 'leads.get' }, 'request');
  expect(last()).toEqual({ level: 30, time: expect.any(String) as string, route: 'leads.get', msg: 'request' });
  expect(new Date(last()['time'] as string).toISOString()).toBe(last()['time']);
});

test('what is below the level is not written', () => {
  const { log, text } = setUp('warn');
  log.info('quiet');
  expect(text()).toBe('');
  log.warn('loud');
  expect(text()).toContain('loud');
});

test.each(['authorization', 'authentication', 'cookie', 'token', 'password', 'secret', 'key', 'url', 'body', 'query'])(
  '%s is redacted, as deep as three levels',
  (name) => {
    const { log, text, last } = setUp();
    log.info({ [name]: 'S3CRET', a: { [name]: 'S3CRET', b: { [name]: 'S3CRET' } }, kept: 'seen' }, 'line');
    expect(text()).not.toContain('S3CRET');
    expect(last()).toMatchObject({ [name]: '[redacted]', a: { [name]: '[redacted]' }, kept: 'seen' });
  },
);

describe('of an error', () => {
  const personal = 'ana@example.com';

  test('the type, the code and the place are written, the message never', () => {
    const { log, text, last } = setUp();
    log.error({ err: Object.assign(new TypeError(`no lead of ${personal}`), { code: 'ENOENT' }) }, 'failed');
    expect(last()['err']).toEqual({
      type: 'TypeError',
      code: 'ENOENT',
      at: expect.stringMatching(/^at .*log\.test\.ts/) as string,
    });
    expect(text()).not.toContain(personal);
  });

  test.each([
    `looked at ${personal} and found nothing`,
    `several lines\n    at ${personal} (file.ts:1:1)\n    at the end`,
    ` at ${personal}`,
  ])('a message that looks like a place is not taken for one (%#)', (message) => {
    const { log, text, last } = setUp();
    log.error({ err: new Error(message) }, 'failed');
    expect(text()).not.toContain(personal);
    expect(last()['err']).toMatchObject({ at: expect.stringMatching(/log\.test\.ts/) as string });
  });

  test('it does not become the message of the line, where none was given', () => {
    const { log, text, last } = setUp();
    log.error(new Error(personal));
    expect(last()).toMatchObject({ msg: 'error', err: { type: 'Error' } });
    log.error({ err: new Error(personal), route: 'leads.get' });
    expect(last()).toMatchObject({ msg: 'error', route: 'leads.get' });
    log.error(new Error(personal), 'said');
    expect(last()).toMatchObject({ msg: 'said' });
    log.child({ job: 1 }).error(new Error(personal));
    expect(text()).not.toContain(personal);
  });

  test('that is none, only its type is written', () => {
    const { log, text, last } = setUp();
    log.error({ err: personal }, 'failed');
    expect(last()['err']).toEqual({ type: 'string' });
    expect(text()).not.toContain(personal);
  });

  test('that has no stack, no place is written', () => {
    const { log, last } = setUp();
    const error = new Error(personal);
    delete error.stack;
    log.error({ err: error }, 'failed');
    expect(last()['err']).toEqual({ type: 'Error' });
  });
});

test('a line without an error keeps the message that it has, or none', () => {
  const { log, last } = setUp();
  log.info('plain');
  expect(last()['msg']).toBe('plain');
  log.info({ listening: 1 });
  expect(last()).toMatchObject({ listening: 1 });
  expect(last()).not.toHaveProperty('msg');
});

test('a name stands in the lines of both, where several services share a log', () => {
  const lines: string[] = [];
  const { log, requestLog } = createLogs('info', { write: (line: string) => lines.push(line) }, 'c2s-gateway');
  log.info('up');
  requestLog.info('request');
  const named = expect.objectContaining({ name: 'c2s-gateway' }) as unknown;
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([named, named]);
});

test('a request’s line is whole and at the level asked for; it goes where the others go', () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const { log, requestLog } = createLogs('warn', sink);
  requestLog.info({ route: 'leads.get' }, 'request');
  requestLog.warn({ route: 'leads.get', outcome: 'upstream_connect' }, 'request');
  log.warn('other');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ level: 40, route: 'leads.get', outcome: 'upstream_connect', msg: 'request' }),
    expect.objectContaining({ level: 40, msg: 'other' }),
  ]);
});
