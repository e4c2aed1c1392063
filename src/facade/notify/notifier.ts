import type { Logger } from '../../http/log.ts';
import { codeOf } from '../../http/error-code.ts';
import { within } from '../../http/within.ts';
import type { NotificationQueue, QueuedNotification } from '../store/notification-queue.ts';
import type { PostgresNotifications } from '../store/notifications.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { NotificationResult } from './metrics.ts';
import type { Notification } from './notification.ts';
import { bodyOf, POST_TIMEOUT_MS, type PostResult } from './post.ts';
import type { NotifyTarget } from './target.ts';

/**
 * Posts what happened to the targets of `notify`, at least once. Nothing that happens waits for it: a notification is put
 * into a queue, and each target is served by a lane of its own, one post after the other, so that a target that hangs or is
 * gone delays no other. The queue is in the database, from which the instance that comes first takes it; while there is
 * none, it is in memory.
 */

export interface NotifierPorts {
  /** In force now. */
  readonly targets: () => readonly NotifyTarget[];
  /** Of the console, in force now. */
  readonly consoleUrl: () => string | undefined;
  /** Never rejects. */
  readonly post: (target: NotifyTarget, body: string, timeoutMs?: number) => Promise<PostResult>;
  readonly count: (event: string, result: NotificationResult) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A target as it is shown. */
interface TargetView {
  readonly target: string;
  readonly events: readonly string[];
  readonly isSigned: boolean;
  /** It did not take the last post. */
  readonly isFailing: boolean;
  /** The last post, a test included; null: this process has posted nothing there yet. */
  readonly last: { readonly at: string; readonly answer: string } | null;
}

/** What a target answered to a test. */
export interface TestedTarget {
  readonly target: string;
  readonly isDelivered: boolean;
  readonly answer: string;
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 300_000;
/** Above the time of a post: then its instance is gone, and another one posts it. */
const LEASE_MS = POST_TIMEOUT_MS * 3;
const EXPIRE_EVERY_MS = 60_000;
/** Who asks for a test waits for it. */
const TEST_TIMEOUT_MS = 4_000;
/** For what is under way when the process ends. */
const CLOSE_TIMEOUT_MS = 1_500;

/** A target that does not take what is posted. */
interface Failing {
  /** In a row, here. */
  failures: number;
  /** Milliseconds since 1970. */
  until: number;
}

export class Notifier {
  readonly #ports: NotifierPorts;
  readonly #memory: MemoryQueue;
  #store: PostgresNotifications | undefined;
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #failing = new Map<string, Failing>();
  /** By the key of a target, tests included. Targets that left the table are few. */
  readonly #last = new Map<string, PostResult & { readonly at: number }>();
  #beating: Promise<void> | undefined;
  #isAskedAgain = false;
  #isClosing = false;
  #expiredAt = 0;
  #hasFailed = false;

  constructor(ports: NotifierPorts) {
    this.#ports = ports;
    this.#memory = new MemoryQueue((row) => this.#lose(row, 'there are too many that no database takes'));
  }

  /** The database is there: a restart loses nothing from now on. */
  attach(store: PostgresNotifications): void {
    this.#store = store;
    this.poke();
  }

  /** The database has what is told. */
  get isLasting(): boolean {
    return this.#store !== undefined;
  }

  /** What is to be put into a queue, one row for each target that wants such events. */
  rowsOf(notification: Notification): QueuedNotification[] {
    const { id, event } = notification;
    return this.#ports
      .targets()
      .filter(({ events }) => event !== 'test' && events.includes(event))
      .map(({ key }) => ({ id, target: key, at: new Date(notification.at), body: notification, attempts: 0 }));
  }

  /** Waits for nothing. */
  tell(notification: Notification): void {
    this.keep(this.rowsOf(notification));
  }

  /** Puts rows into the queue; none: those that the database has already are posted. Waits for nothing. */
  keep(rows: readonly QueuedNotification[]): void {
    void this.#memory.add(rows, this.#date());
    this.poke();
  }

  /**
   * A route has this verdict; instances that share a database tell of it once. Without a database this one tells.
   * @throws while the database does not take it.
   */
  async tellVerdict(
    route: string,
    verdict: string,
    notificationOf: (before: string) => Notification,
    before: string | undefined,
  ): Promise<void> {
    if (this.#store) {
      const rowsOf = (told: string) => this.rowsOf(notificationOf(told));
      await this.#store.tellVerdict(route, verdict, rowsOf, this.#date());
      this.poke();
    } else if (before !== undefined) this.tell(notificationOf(before));
  }

  /** Something is in the queue: it is posted now, not at the next beat. */
  poke(): void {
    void this.beat();
  }

  /** Moves what is in memory into the database, and posts what is due; a beat does not wait for the posts. Never rejects. */
  beat(): Promise<void> {
    this.#isAskedAgain = true;
    this.#beating ??= this.#beats().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  /** Every target, and what it answered to the last post of this process. */
  view(): TargetView[] {
    return this.#ports.targets().map(({ name: target, key, events, secret }) => {
      const last = this.#last.get(key) ?? null;
      const isFailing = last !== null && last.kind !== 'delivered';
      const shown = last && { at: new Date(last.at).toISOString(), answer: last.answer };
      return { target, events, isSigned: secret !== undefined, isFailing, last: shown };
    });
  }

  /** Posts a test to every target at once, past the queue. */
  test(notification: Notification): Promise<TestedTarget[]> {
    return Promise.all(
      this.#ports.targets().map(async (target) => {
        const { kind, answer } = await this.#post(target, notification, TEST_TIMEOUT_MS);
        return { target: target.name, isDelivered: kind === 'delivered', answer };
      }),
    );
  }

  /** What the database does not have is lost, and told. Never rejects. */
  async close(): Promise<void> {
    await this.beat();
    this.#isClosing = true;
    await within(CLOSE_TIMEOUT_MS, Promise.all(this.#lanes.values())).catch(() => undefined);
    if (this.#store) await this.#memory.handOver((rows) => this.#into(rows)).catch(() => undefined);
    for (const row of this.#memory.rows) this.#lose(row, 'the process ends and no database has it');
  }

  async #beats(): Promise<void> {
    while (this.#isAskedAgain && !this.#isClosing) {
      this.#isAskedAgain = false;
      try {
        await this.#beat();
        this.#hasFailed = false;
      } catch (error) {
        // Once: it is tried again at every beat.
        if (!this.#hasFailed)
          this.#ports.log.warn(
            { code: codeOf(error) },
            'notifications cannot be kept in the database now; it is tried again',
          );
        this.#hasFailed = true;
        // A database that is away is one more reason to be told of what happens.
        await this.#startLanes(this.#memory);
      }
    }
  }

  async #beat(): Promise<void> {
    const queue = this.#store ?? this.#memory;
    if (this.#store) await this.#memory.handOver((rows) => this.#into(rows));
    await this.#startLanes(queue);
    const now = this.#ports.now();
    if (now - this.#expiredAt < EXPIRE_EVERY_MS) return;
    this.#expiredAt = now;
    for (const row of await queue.expire(new Date(now - queue.keepMs))) this.#giveUp(row, 'it was not taken in time');
  }

  async #into(rows: readonly QueuedNotification[]): Promise<void> {
    await this.#store?.add(rows, this.#date());
  }

  async #startLanes(queue: NotificationQueue): Promise<void> {
    const targets = this.#ports.targets();
    if (targets.length === 0) return;
    const due = new Set(await queue.due(this.#date()));
    for (const target of targets) {
      const { key } = target;
      if (!due.has(key) || this.#lanes.has(key) || this.#isPaused(key)) continue;
      const lane = this.#lane(queue, target)
        .catch((error: unknown) => this.#ports.log.warn({ code: codeOf(error) }, 'a notification cannot be posted now'))
        .finally(() => this.#lanes.delete(key));
      this.#lanes.set(key, lane);
    }
  }

  #isPaused(key: string): boolean {
    return (this.#failing.get(key)?.until ?? 0) > this.#ports.now();
  }

  /** One after the other, until nothing is due or the target does not take it. */
  async #lane(queue: NotificationQueue, target: NotifyTarget): Promise<void> {
    while (!this.#isClosing) {
      const row = await queue.take(target.key, this.#date(), LEASE_MS);
      if (!row) return;
      const result = await this.#post(target, row.body as Notification);
      if (result.kind === 'retry') return this.#retry(queue, target, row, result);
      await queue.remove(row);
      if (result.kind === 'refused') this.#giveUp(row, `${target.name} answers ${result.answer}`);
      else this.#ports.count(eventOf(row), 'delivered');
      await this.#works(queue, target);
    }
  }

  async #post(target: NotifyTarget, notification: Notification, timeoutMs?: number): Promise<PostResult> {
    const result = await this.#ports.post(target, bodyOf(notification, this.#ports.consoleUrl()), timeoutMs);
    this.#last.set(target.key, { ...result, at: this.#ports.now() });
    return result;
  }

  async #retry(
    queue: NotificationQueue,
    target: NotifyTarget,
    row: QueuedNotification,
    result: PostResult,
  ): Promise<void> {
    const now = this.#ports.now();
    const { answer, retryAfterMs = 0 } = result;
    const failing = this.#failing.get(target.key) ?? { failures: 0, until: 0 };
    failing.failures++;
    failing.until = now + Math.max(retryAfterMs, delayAfter(failing.failures));
    this.#failing.set(target.key, failing);
    this.#ports.count(eventOf(row), 'retried');
    if (failing.failures === 1)
      this.#ports.log.warn({ target: target.name, answer }, 'a notification was not taken; it is tried again');
    await queue.retry(row, new Date(now + Math.max(retryAfterMs, delayAfter(row.attempts + 1))));
  }

  async #works(queue: NotificationQueue, target: NotifyTarget): Promise<void> {
    if (!this.#failing.delete(target.key)) return;
    this.#ports.log.info({ target: target.name }, 'notifications are taken again');
    await queue.wake(target.key, this.#date());
  }

  #giveUp(row: QueuedNotification, because: string): void {
    this.#ports.count(eventOf(row), 'given_up');
    this.#ports.log.warn({ event: eventOf(row), id: row.id }, `a notification is given up: ${because}`);
  }

  #lose(row: QueuedNotification, because: string): void {
    this.#ports.count(eventOf(row), 'dropped');
    this.#ports.log.warn({ event: eventOf(row), id: row.id }, `a notification is lost: ${because}`);
  }

  #date(): Date {
    return new Date(this.#ports.now());
  }
}

const delayAfter = (failures: number): number => Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);

const eventOf = ({ body }: QueuedNotification): string => (body as Notification).event;
