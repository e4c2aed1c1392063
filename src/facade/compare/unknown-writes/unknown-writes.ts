import type { Logger } from '../../../http/log.ts';
import { codeOf } from '../../../http/error-code.ts';
import type { InboundRequest } from '../../forward/exchange.ts';
import type { UnknownEnd, UnknownWriteSink } from '../../forward/unknown-write-sink.ts';
import type {
  Looked,
  Settlement,
  UnknownWrite,
  UnknownWriteCount,
  UnknownWritesQuery,
  UnknownWriteStore,
} from '../../store/unknown-write.ts';
import { namedParams, ReadBack } from '../read-back.ts';
import type { ShadowPorts, ShadowSettings } from '../shadow.ts';
import { cannotTell, verifyFields, type Verification } from '../verify.ts';
import { describeEnd, describeUnderWay } from './describe.ts';
import { judgeLook } from './judge.ts';
import { MemoryUnknownWrites } from './memory.ts';
import type { ValueSeal } from './seal.ts';

/**
 * Writes of unknown fate: kept, looked for, and shown until somebody has seen to them. A write is noted in memory when its
 * caller has been answered; everything else happens on a beat of its own, so that no request waits for a database or for a
 * look. Looking has one connection, a few records a beat, and only what live traffic leaves of the rate budget; while the
 * process is under pressure nothing is looked for. The kill switch does not stop it: it reads direct, and unknown writes
 * matter most when the gateway has just been left.
 */

export interface UnknownWritesSettings extends Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'> {
  readonly notArrivedAfterMs: number;
}

interface UnknownWritesPorts extends Pick<
  ShadowPorts,
  'now' | 'snapshot' | 'credentials' | 'isUnderPressure' | 'pause'
> {
  /** Milliseconds since 1970. */
  readonly calendar: () => number;
  readonly seal: ValueSeal;
  /** What a look, the last one of its write, came to. */
  readonly lookedFor: (route: string, result: Exclude<Looked['state'], 'open'>) => void;
  /** What is kept now, after every beat. */
  readonly counted: (counts: readonly UnknownWriteCount[]) => void;
  readonly log: Logger;
}

/** Waiting for a database; one more, and the oldest is let go and logged. */
const MAX_PENDING = 1_000;
/** Anybody can send a write and leave: of unknown callers no more than these are listed, so that they cannot fill the database. */
const MAX_OF_STRANGERS = 10;
const STRANGERS_EVERY_MS = 60_000;
const LOOKS_A_BEAT = 4;
const CONNECTIONS = 1;
const DAY_MS = 86_400_000;
const WORKED_OFF_KEPT_DAYS = 30;
const ALL_KEPT_DAYS = 90;
const PRUNE_EVERY_MS = 600_000;
/** Above the total deadline of a write: its process still works on it. */
const UNDER_WAY_SLACK_MS = 15_000;

export class UnknownWrites implements UnknownWriteSink {
  readonly #ports: UnknownWritesPorts;
  readonly #readBack: ReadBack;
  #settings: UnknownWritesSettings;
  /** Undefined: it is not known yet whether there will be a database. */
  #store: UnknownWriteStore | undefined;
  #pending: UnknownWrite[] = [];
  /** Of unknown callers, since `#strangersSince`. */
  #strangers = 0;
  #strangersSince = -Infinity;
  #beating: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #closing = false;
  #prunedAt = 0;
  #hasFailed = false;

  constructor(settings: UnknownWritesSettings, ports: UnknownWritesPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#readBack = new ReadBack(CONNECTIONS, settings, ports);
  }

  configure(settings: UnknownWritesSettings): void {
    this.#settings = settings;
    this.#readBack.configure(settings);
  }

  /** There is no database, and none will come. */
  keepInMemory(): void {
    this.#store = new MemoryUnknownWrites();
  }

  attach(store: UnknownWriteStore): void {
    this.#store = store;
  }

  // --- UnknownWriteSink ---

  onUnknown(asked: InboundRequest, end: UnknownEnd): void {
    if (!asked.caller && !this.#mayListStranger()) return;
    const write = describeEnd(asked, end, this.#describing);
    this.#note(write);
    this.#pending.push(write);
    const dropped = this.#pending.length > MAX_PENDING ? this.#pending.shift() : undefined;
    if (dropped)
      this.#ports.log.error(
        { route: dropped.route, requestId: dropped.requestId },
        'an unknown write is not listed: the database has been away for too long. Its request id is in the request log',
      );
  }

  #mayListStranger(): boolean {
    const now = this.#ports.now();
    if (now - this.#strangersSince >= STRANGERS_EVERY_MS) [this.#strangers, this.#strangersSince] = [0, now];
    this.#strangers++;
    if (this.#strangers === MAX_OF_STRANGERS + 1)
      this.#ports.log.warn(
        { listed: MAX_OF_STRANGERS },
        'unknown writes of unknown callers are not listed for a minute: there are too many. Their request ids are in the request log',
      );
    return this.#strangers <= MAX_OF_STRANGERS;
  }

  describe(asked: InboundRequest, body: Buffer | undefined): UnknownWrite {
    const { total } = asked.match.route.model.deadlines;
    return describeUnderWay(asked, body, this.#describing, total + UNDER_WAY_SLACK_MS);
  }

  describeEnd(asked: InboundRequest, end: UnknownEnd, id: string): UnknownWrite {
    const write = describeEnd(asked, end, this.#describing, id);
    this.#note(write);
    return write;
  }

  get #describing() {
    return { now: this.#ports.calendar(), seal: this.#ports.seal };
  }

  /** What is told at once: nobody will look. */
  #note({ route, state }: UnknownWrite): void {
    if (state === 'cannot_tell') this.#ports.lookedFor(route, state);
  }

  // --- for operators ---

  get isLasting(): boolean {
    return this.#store?.isLasting ?? false;
  }

  /** Noted, and not in the database yet. */
  get unwritten(): number {
    return this.#pending.length;
  }

  /** Newest first, with those that the database has not got yet. */
  async list(query: UnknownWritesQuery): Promise<UnknownWrite[]> {
    await this.#flush();
    // A database that was never there yet: what is noted is all there is to see.
    return this.#store ? this.#store.list(query) : [...this.#pending].reverse().slice(0, query.limit);
  }

  async counts(): Promise<UnknownWriteCount[]> {
    return (await this.#store?.counts()) ?? [];
  }

  async settle(ids: readonly string[], settlement: Settlement): Promise<string[]> {
    await this.#flush();
    const settled = (await this.#store?.settle(ids, settlement)) ?? [];
    this.#ports.log.info({ settled, who: settlement.who }, 'unknown writes were settled');
    await this.#count();
    return settled;
  }

  // --- the beat ---

  /**
   * Writes down what was noted, and looks. Each one at a time, however long it takes: looks at a CRM that is slow must not
   * keep what was noted from the database. Never rejects.
   */
  async beat(): Promise<void> {
    this.#beating ??= this.#beat()
      .then(() => (this.#hasFailed = false))
      .catch((error: unknown) => this.#failed(error))
      .then(() => (this.#beating = undefined));
    await this.#beating;
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#failed(error))
      .then(() => (this.#looking = undefined));
    await this.#looking;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#readBack.close();
    await Promise.all([this.#beating, this.#looking]);
    await this.#flush().catch((error: unknown) => this.#failed(error));
  }

  async #beat(): Promise<void> {
    await this.#flush();
    await this.#count();
    const now = this.#ports.calendar();
    if (now - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = now;
    await this.#store?.prune(new Date(now - WORKED_OFF_KEPT_DAYS * DAY_MS), new Date(now - ALL_KEPT_DAYS * DAY_MS));
  }

  /** Once: it is tried again at every beat. */
  #failed(error: unknown): void {
    if (!this.#hasFailed)
      this.#ports.log.warn({ code: codeOf(error) }, 'unknown writes cannot be kept in step with the database');
    this.#hasFailed = true;
  }

  async #flush(): Promise<void> {
    const writes = this.#pending;
    if (!this.#store || writes.length === 0) return;
    this.#pending = [];
    try {
      await this.#store.add(writes);
    } catch (error) {
      this.#pending = [...writes, ...this.#pending].slice(-MAX_PENDING);
      throw error;
    }
  }

  async #count(): Promise<void> {
    if (this.#store) this.#ports.counted(await this.#store.counts());
  }

  async #look(): Promise<void> {
    if (!this.#store || this.#closing || this.#ports.isUnderPressure()) return;
    const { deadlineMs } = this.#settings;
    const now = new Date(this.#ports.calendar());
    // One after the other: the lease covers all of them.
    const due = await this.#store.take(now, (deadlineMs + UNDER_WAY_SLACK_MS) * LOOKS_A_BEAT, LOOKS_A_BEAT);
    for (const write of due) {
      if (this.#closing) return;
      await this.#lookFor(this.#store, write);
    }
  }

  async #lookFor(store: UnknownWriteStore, write: UnknownWrite): Promise<void> {
    const askedAt = this.#ports.calendar();
    const verification = await this.#verify(write);
    // A read that the end of the process cut says nothing: another one looks when the lease is over.
    if (this.#closing) return;
    const { afterMs = 0 } = this.#routeOf(write)?.model.verify ?? {};
    const { notArrivedAfterMs } = this.#settings;
    const looked = judgeLook({ write, verification, askedAt, afterMs, notArrivedAfterMs });
    await store.looked(write.id, looked);
    if (looked.state !== 'open') this.#ports.lookedFor(write.route, looked.state);
  }

  #routeOf({ route }: UnknownWrite) {
    return this.#ports.snapshot().entries.find(({ model }) => model.id === route);
  }

  async #verify(write: UnknownWrite): Promise<Verification> {
    const { model } = this.#routeOf(write) ?? {};
    if (!model?.verify) return cannotTell('no_rule');
    const { seal } = this.#ports;
    // Another process may have had another key, and a write without an id changed a record that nobody can name.
    if (write.checks?.keyId !== seal.keyId || write.params.includes('') || write.caller === null)
      return cannotTell('nothing_to_check');
    const params = namedParams(model.params, write.params);
    // Every known caller's record is read with the same token; the bucket is for the split, which a read of direct has not.
    const caller = { id: write.caller, bucket: 0 };
    const answer = await this.#readBack.read({ read: model.verify.read, params, caller, requestId: write.requestId });
    if (!answer) return cannotTell('not_read');
    return verifyFields(model, write.checks.fields, answer, this.#settings.maxBodyBytes, (text) => seal.seal(text));
  }
}
