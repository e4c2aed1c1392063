import type { Dispatcher } from 'undici';
import { beforeEach, describe, expect, test } from 'vitest';
import { Attempt, type AttemptOwner, type AttemptPhase } from '../../../../src/facade/forward/attempt.ts';
import type { Upstream } from '../../../../src/facade/forward/upstream.ts';
import type { Outcome } from '../../../../src/facade/rollout/outcome.ts';

/** One try, told by a fake undici what becomes of it; its owner writes down what it hears. */

const STARTED_AT = 1_000;
const clock = { lastTick: STARTED_AT };

let heard: unknown[];
let sent: Dispatcher.DispatchOptions | undefined;
/** What the attempt did to undici's request. */
let done: string[];
let attempt: Attempt;

const owner: AttemptOwner = {
  answerBegins: (_, status, reason, raw) => heard.push(['begins', status, reason, raw.map(String)]),
  answerData: (_, chunk) => heard.push(['data', String(chunk)]),
  answerWaits: () => heard.push('waits'),
  answerEnds: () => heard.push('ends'),
  attemptFails: (_, outcome) => heard.push(['fails', outcome]),
};

/** As undici does, an abort comes back as the error of the request. */
const controller = {
  abort(reason: Error) {
    done.push(`abort ${reason.message}`);
    attempt.onResponseError(controller, reason);
  },
  pause: () => done.push('pause'),
  resume: () => done.push('resume'),
  rawHeaders: ['X-Own', '1'].map((text) => Buffer.from(text)),
} as unknown as Dispatcher.DispatchController;

beforeEach(() => {
  clock.lastTick = STARTED_AT;
  heard = [];
  done = [];
  sent = undefined;
  const pool = { dispatch: (options: Dispatcher.DispatchOptions) => (sent = options) };
  const upstream = { prefix: '/prefix', pool } as unknown as Upstream;
  attempt = new Attempt(owner, upstream, undefined, 0, clock, STARTED_AT);
});

const send = (body: Buffer | null = null): void =>
  attempt.send({ method: 'POST', target: '/leads?x=1', headers: ['a', 'b'], body });
const begins = (status = 200): void => attempt.onResponseStart(controller, status, {}, 'As It Came');
const errorOf = (code: string): Error => Object.assign(new Error('invented'), { code });

/** Brings an attempt that was sent so far. */
const REACH: Readonly<Record<AttemptPhase, () => void>> = {
  connect: () => undefined,
  send: () => attempt.onRequestStart(controller),
  respond() {
    REACH.send();
    attempt.onRequestSent();
  },
  body() {
    REACH.respond();
    begins();
  },
  ended() {
    REACH.body();
    attempt.onResponseEnd();
  },
};
const PHASES = Object.keys(REACH) as AttemptPhase[];

test('is sent to its upstream, below the prefix of the base URL', () => {
  send(Buffer.from('{}'));
  expect(sent).toMatchObject({
    path: '/prefix/leads?x=1',
    method: 'POST',
    headers: ['a', 'b'],
    body: Buffer.from('{}'),
  });
});

test.each(PHASES)('knows that it got as far as %s', (phase) => {
  send();
  REACH[phase]();
  expect(attempt.phase).toBe(phase);
});

describe('a failure', () => {
  const failures: [AttemptPhase, string, Outcome][] = [
    ['connect', 'ECONNREFUSED', 'upstream_connect'],
    ['connect', 'ENOTFOUND', 'upstream_connect'],
    ['connect', 'UND_ERR_CONNECT_TIMEOUT', 'upstream_connect_timeout'],
    ['connect', 'UND_ERR_INVALID_ARG', 'client_bad_request'],
    ['connect', 'UND_ERR_NOT_SUPPORTED', 'client_bad_request'],
    ['send', 'ECONNRESET', 'upstream_send'],
    // Once there is a connection, what undici calls an error says nothing of what was received.
    ['send', 'UND_ERR_CONNECT_TIMEOUT', 'upstream_send'],
    ['send', 'UND_ERR_INVALID_ARG', 'upstream_send'],
    ['respond', 'ECONNRESET', 'upstream_respond'],
    ['respond', 'UND_ERR_SOCKET', 'upstream_respond'],
    ['body', 'ECONNRESET', 'upstream_body'],
  ];
  test.each(failures)('at %s by %s is %s', (phase, code, outcome) => {
    send();
    REACH[phase]();
    attempt.onResponseError(controller, errorOf(code));
    expect([heard.at(-1), attempt.phase]).toEqual([['fails', outcome], 'ended']);
  });

  test('is told once, and not after the end of the answer', () => {
    send();
    attempt.onResponseError(controller, errorOf('ECONNREFUSED'));
    attempt.onResponseError(controller, errorOf('ECONNREFUSED'));
    attempt.onResponseEnd();
    attempt.abandon('client_admit');
    expect(heard).toEqual([['fails', 'upstream_connect']]);
  });
});

describe('an answer', () => {
  test('reaches its owner in order, its headers as they came', () => {
    send();
    REACH.body();
    attempt.onResponseData(controller, Buffer.from('half'));
    attempt.onResponseEnd();
    attempt.onResponseEnd();
    expect(heard).toEqual([['begins', 200, 'As It Came', ['X-Own', '1']], ['data', 'half'], 'ends']);
  });

  test.each([
    [{ 'x-one': '1', 'set-cookie': ['a', 'b'] }, ['x-one', '1', 'set-cookie', 'a', 'set-cookie', 'b']],
    [{ 'x-none': undefined }, ['x-none', '']],
  ])('without raw headers has those of the parsed ones: %j', (headers, pairs) => {
    send();
    REACH.respond();
    attempt.onResponseStart({ ...controller, rawHeaders: null }, 200, headers, 'OK');
    expect(heard).toEqual([['begins', 200, 'OK', pairs]]);
  });

  test.each(PHASES)('whose head is alone is told of at %s only when it is the head of the answer', (phase) => {
    send();
    REACH[phase]();
    const before = heard.length;
    attempt.headIsAlone();
    expect(heard.slice(before)).toEqual(phase === 'body' ? ['waits'] : []);
  });

  test.each([
    [false, '1.1'],
    [true, '1.0'],
  ])('of HTTP/1.0 (%s) has a Via of the version that was spoken', (isHttp10, version) => {
    attempt.carrier = { isHttp10 } as never;
    expect(attempt.via).toMatch(new RegExp(`^${version} `));
  });
});

describe('to give up', () => {
  test.each(PHASES.filter((phase) => phase !== 'ended'))('at %s ends it as what it was given up for', (phase) => {
    send();
    REACH[phase]();
    attempt.abandon('client_timeout');
    attempt.abandon('client_body');
    expect([heard.at(-1), attempt.phase]).toEqual([['fails', 'client_timeout'], 'ended']);
    expect(done).toEqual(phase === 'connect' ? [] : ['abort client_timeout']);
  });

  test('before there is a connection sends nothing when there is one', () => {
    send();
    attempt.abandon('client_admit');
    attempt.onRequestStart(controller);
    expect(done).toEqual(['abort client_admit']);
    expect(heard).toEqual([['fails', 'client_admit']]);
  });

  test('what has ended changes nothing', () => {
    send();
    REACH.ended();
    attempt.abandon('client_body');
    expect([done, heard.at(-1)]).toEqual([[], 'ends']);
  });
});

describe('a caller that does not read', () => {
  test('holds the upstream back, until it reads again', () => {
    send();
    REACH.body();
    attempt.pause();
    expect([attempt.isPaused, done]).toEqual([true, ['pause']]);
    attempt.resume();
    expect([attempt.isPaused, done]).toEqual([false, ['pause', 'resume']]);
  });

  test('is not counted as silence of the upstream: the time begins when it reads again', () => {
    send();
    REACH.body();
    attempt.pause();
    clock.lastTick += 9_000;
    attempt.resume();
    expect(attempt.lastActivity).toBe(STARTED_AT + 9_000);
  });
});

describe('the time of the last byte', () => {
  const moves: [string, AttemptPhase, () => void][] = [
    ['a connection', 'connect', () => attempt.onRequestStart(controller)],
    ['a part of the body that was sent', 'send', () => attempt.onBodySent()],
    ['the end of the request', 'send', () => attempt.onRequestSent()],
    ['the head of the answer', 'respond', () => begins()],
    ['a part of the answer', 'body', () => attempt.onResponseData(controller, Buffer.from('x'))],
  ];
  test.each(moves)('moves with %s', (_, phase, move) => {
    send();
    REACH[phase]();
    expect(attempt.lastActivity).toBe(STARTED_AT);
    clock.lastTick += 50;
    move();
    expect(attempt.lastActivity).toBe(STARTED_AT + 50);
  });
});

describe('how long the upstream took to answer', () => {
  const rush = (body: Buffer | null): void => {
    send(body);
    clock.lastTick += 30;
    attempt.onRequestStart(controller);
    clock.lastTick += 400;
    attempt.onRequestSent();
    clock.lastTick += 20;
    begins();
  };

  test('begins with the attempt where there is no body: to wait for a connection counts', () => {
    rush(null);
    expect(attempt.answeredIn).toBe(450);
  });

  test('begins with the end of the body: a slow caller is not its fault', () => {
    rush(Buffer.from('{}'));
    expect(attempt.answeredIn).toBe(20);
  });

  test('an answer before the end of the body stays an answer', () => {
    send(Buffer.from('{}'));
    attempt.onRequestStart(controller);
    begins(413);
    attempt.onRequestSent();
    expect(attempt.phase).toBe('body');
  });
});
