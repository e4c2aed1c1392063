import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { Writable } from 'node:stream';
import { createLogs } from '../../../../src/http/log.ts';
import { Notifier, type TestedTarget } from '../../../../src/facade/notify/notifier.ts';
import type { Notification } from '../../../../src/facade/notify/notification.ts';
import type { PostResult } from '../../../../src/facade/notify/post.ts';
import { targetsOf, type NotifyTarget } from '../../../../src/facade/notify/target.ts';
import type { PostgresNotifications } from '../../../../src/facade/store/notifications.ts';
import { MemoryQueue } from '../../../../src/facade/notify/memory-queue.ts';

/** The notifier on a clock that the test moves, with posts that end as the test says. */

const DELIVERED: PostResult = { kind: 'delivered', answer: '204' };
const AWAY: PostResult = { kind: 'retry', answer: 'ECONNREFUSED' };

let now: number;
let posted: string[];
let counted: string[];
let logs: string[];
let answer: (target: NotifyTarget) => PostResult | Promise<PostResult>;
let targets: readonly NotifyTarget[];
let notifier: Notifier;
beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  [posted, counted, logs] = [[], [], []];
  answer = () => DELIVERED;
  targets = targetsOf([{ url: 'http://a.example', events: ['flip'] }], undefined);
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (logs.push(chunk.toString()), done()) });
  notifier = new Notifier({
    targets: () => targets,
    consoleUrl: () => undefined,
    post: async (target, body) => {
      posted.push(`${target.name} ${(JSON.parse(body) as Notification).revision}`);
      return answer(target);
    },
    count: (event, result) => counted.push(`${event} ${result}`),
    now: () => now,
    log: createLogs('info', sink).log,
  });
});

const flipped = (revision: number): Notification => {
  const at = new Date(now + revision).toISOString();
  return { event: 'flip', id: randomUUID(), at, instance: 'one', route: 'a', from: {}, to: {}, revision };
};
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};
const pass = async (ms: number): Promise<void> => {
  for (let i = 0; i < ms; i += 1_000) {
    now += 1_000;
    await notifier.beat();
    await settle();
  }
};

describe('a target that is away', () => {
  test('is asked after 1, 2, 4 … s, and gets all in order when it is back', async () => {
    answer = () => AWAY;
    const begun = now;
    const times: number[] = [];
    answer = () => (times.push((now - begun) / 1_000), AWAY);
    notifier.tell(flipped(1));
    notifier.tell(flipped(2));
    await settle();
    await pass(200_000);
    expect(times.slice(0, 6)).toEqual([0, 1, 3, 7, 15, 31]);
    answer = () => DELIVERED;
    posted = [];
    await pass(60_000);
    expect(posted).toEqual(['notify[0] 1', 'notify[0] 2']);
  });

  test('is told of once in the log, when it goes and when it is back', async () => {
    answer = () => AWAY;
    notifier.tell(flipped(1));
    await pass(20_000);
    answer = () => DELIVERED;
    await pass(20_000);
    expect(logs.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'a notification was not taken; it is tried again',
      'notifications are taken again',
    ]);
  });

  test('is asked no sooner than it says', async () => {
    answer = () => ({ kind: 'retry', answer: '429', retryAfterMs: 90_000 });
    notifier.tell(flipped(1));
    await pass(88_000);
    notifier.tell(flipped(2));
    await settle();
    expect(posted).toEqual(['notify[0] 1']);
    answer = () => DELIVERED;
    await pass(5_000);
    expect(posted).toEqual(['notify[0] 1', 'notify[0] 1', 'notify[0] 2']);
  });

  test('is given up in the end, which is counted and logged', async () => {
    answer = () => AWAY;
    notifier.tell(flipped(1));
    await pass(12 * 60_000);
    expect(counted.at(-1)).toBe('flip given_up');
    expect(logs.at(-1)).toContain('a notification is given up: it was not taken in time');
  });
});

test('a target that hangs delays no other', async () => {
  targets = targetsOf(
    ['http://a.example', 'http://b.example'].map((url) => ({ url, events: ['flip'] as const as never })),
    undefined,
  );
  answer = ({ name }) => (name === 'notify[0]' ? new Promise<PostResult>(() => undefined) : DELIVERED);
  for (const revision of [1, 2, 3]) notifier.tell(flipped(revision));
  await settle();
  await pass(2_000);
  expect(posted).toEqual(['notify[0] 1', 'notify[1] 1', 'notify[1] 2', 'notify[1] 3']);
});

test('only what a target wants is posted to it', async () => {
  notifier.tell({ ...flipped(1), event: 'breaker' });
  await settle();
  expect(posted).toEqual([]);
});

test('a refusal is given up at once, and says by whom and how', async () => {
  answer = () => ({ kind: 'refused', answer: '404' });
  notifier.tell(flipped(1));
  await settle();
  await pass(5_000);
  expect([posted, counted]).toEqual([['notify[0] 1'], ['flip given_up']]);
  expect(logs[0]).toContain('a notification is given up: notify[0] answers 404');
});

test('while the database does not take it, it is posted from memory; what waits then is moved there', async () => {
  const queue = new MemoryQueue(() => undefined);
  let isAway = true;
  const store = Object.assign(Object.create(queue) as PostgresNotifications, {
    add: (...args: Parameters<MemoryQueue['add']>) =>
      isAway ? Promise.reject(new Error('away')) : MemoryQueue.prototype.add.apply(queue, args),
    due: (at: Date) => queue.due(at),
    take: (target: string, at: Date) => queue.take(target, at),
    remove: (row: never) => queue.remove(row),
    expire: (before: Date) => queue.expire(before),
    keepMs: queue.keepMs,
  });
  notifier.attach(store);
  notifier.tell(flipped(1));
  await settle();
  expect(posted).toEqual(['notify[0] 1']);
  expect(logs.join('')).toContain('notifications cannot be kept in the database now');
  isAway = false;
  notifier.tell(flipped(2));
  await settle();
  expect(posted).toEqual(['notify[0] 1', 'notify[0] 2']);
});

test('what no database has when the process ends is lost, which is counted and logged', async () => {
  answer = () => AWAY;
  notifier.tell(flipped(1));
  await settle();
  await notifier.close();
  expect(counted.at(-1)).toBe('flip dropped');
  expect(logs.at(-1)).toContain('a notification is lost: the process ends and no database has it');
});

test('a test goes to every target at once, past the queue', async () => {
  answer = () => AWAY;
  const result: TestedTarget[] = await notifier.test({ ...flipped(0), event: 'test' });
  expect(result).toEqual([{ target: 'notify[0]', isDelivered: false, answer: 'ECONNREFUSED' }]);
  expect(counted).toEqual([]);
});

describe('a target as it is shown', () => {
  const at = () => new Date(now).toISOString();
  const seen = () => notifier.view().map(({ isFailing, last }) => [isFailing, last]);

  test.each<[string, PostResult, boolean]>([
    ['took it', DELIVERED, false],
    ['is away', AWAY, true],
    ['refuses it', { kind: 'refused', answer: '404' }, true],
  ])('is not tried before the first post, and then %s', async (_, result, isFailing) => {
    expect(seen()).toEqual([[false, null]]);
    answer = () => result;
    const posted = at();
    notifier.tell(flipped(1));
    await settle();
    expect(seen()).toEqual([[isFailing, { at: posted, answer: result.answer }]]);
  });

  test('counts a test', async () => {
    await notifier.test({ ...flipped(1), event: 'test' });
    expect(seen()).toEqual([[false, { at: at(), answer: '204' }]]);
  });
});
