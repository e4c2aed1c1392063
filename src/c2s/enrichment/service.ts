import type { Transaction } from 'kysely';
import type { Logger } from '../../http/log.ts';
import type { CallerStanding } from '../../http/standing.ts';
import type { Database, Store, Subscription } from '../../facade/store/index.ts';
import { CHANNEL, JOBS } from '../store/channel.ts';
import { discloseCpfs, recordAudit, type Actor } from '../store/audit.ts';
import type { Sealer } from '../../facade/store/seal.ts';
import { storedPerson } from '../store/stored-person.ts';
import { enrichmentOf, firstSeen, noteEnrichment, seenAmong } from '../store/seen-events.ts';
import {
  leadsWithDeadLetters,
  type Chosen,
  type DeadLetter,
  type DeadLetterQuery,
  type DeadState,
} from './dead-letters.ts';
import type { Diretrix } from './diretrix.ts';
import type { EnrichmentResult, FailureReason, Origin, State } from './enrichment.ts';
import type { FacadeClient } from './facade-client.ts';
import type { NewLead } from './google-lead.ts';
import { Retention } from './retention.ts';
import { Instance } from './instance.ts';
import { LookUps } from './look-ups.ts';
import {
  EnrichmentRepository,
  type EnrichmentStatus,
  type EnrichmentView,
  type EnrichmentRequest,
} from './repository.ts';
import type { Marks } from './marker.ts';
import type { RunObserver } from './observer.ts';
import { OrderGate } from './order-gate.ts';
import { PUSHERS, type Ordered } from './orders.ts';
import { Queue } from './queue.ts';
import { openAsyncCommitPool, type AsyncCommitPool } from './async-commit.ts';
import { isSlow } from './schedule.ts';
import type { EnrichmentSettings } from './settings.ts';
import { storePace, storePeople } from './store-people.ts';
import { Waiting } from './waiting.ts';
import type { C2sEvent } from './webhook-c2s.ts';
import type { WorkApi } from './work-api.ts';
import { EnrichmentWorker } from './worker.ts';

/** The enrichment on an open store: takes orders, has them worked on, and tells what came of them. */

export interface ServiceOptions {
  readonly store: Store;
  readonly facade: FacadeClient;
  readonly diretrix: Diretrix;
  readonly workApi: WorkApi;
  readonly marks: Marks;
  readonly sealer: Sealer | undefined;
  readonly settings: () => EnrichmentSettings;
  /** Share of the places for work, 0..1, that strangers' enrichments cannot take. */
  readonly knownShare: () => number;
  readonly observer: RunObserver;
  readonly log: Logger;
}

/** What came of a push of Contact2Sale. */
interface Pushed {
  readonly processed: number;
  readonly duplicates: number;
}

/** What came of a push of Google Ads. */
interface PushedLead {
  /** False: it was received before. */
  readonly isNew: boolean;
  /** Of its enrichment; undefined: it was received before that was noted. */
  readonly id: string | undefined;
}

type CreatedLead =
  | { readonly kind: 'created'; readonly leadId: string }
  /** It is being created, or will be tried again by itself. */
  | { readonly kind: 'pending' }
  /** A dead letter. */
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly result: EnrichmentResult | null };

/** In place of the id of a lead that is still to be created; what follows is Google's id. */
const UNCREATED = 'google:';

/** Of an unsigned push, what was neither pushed with the secret nor without it. */
async function firstUnsigned(tx: Transaction<Database>, keys: readonly string[]): Promise<string[]> {
  const signed = await seenAmong(tx, 'c2s', keys);
  const others = keys.filter((key) => !signed.has(key));
  return firstSeen(tx, 'c2s-unsigned', others);
}

/** Milliseconds. A retry that another process left behind begins at most so late. */
const POLL_INTERVAL_MS = 1_000;
const RECOVER_INTERVAL_MS = 2_000;
const OF_PUSHES = { origin: 'c2s', caller: PUSHERS.c2s } as const;

export class EnrichmentService {
  /** What a caller asks about people, without a lead. */
  readonly lookUps: LookUps;
  readonly #options: ServiceOptions;
  readonly #queue: Queue;
  readonly #asyncCommit: AsyncCommitPool;
  readonly #repository: EnrichmentRepository;
  readonly #gate: OrderGate;
  /** Being written down, by standing and lead. */
  readonly #orders = new Map<string, Promise<Ordered>>();
  readonly #waiting = new Waiting();
  readonly #instance: Instance;
  readonly #worker: EnrichmentWorker;
  readonly #retention: Retention;
  #subscription: Subscription | undefined;
  #isStopping = false;

  static async start(options: ServiceOptions): Promise<EnrichmentService> {
    const queue = await Queue.start(options.store.pool, options.log);
    const service = new EnrichmentService(options, queue);
    try {
      service.#subscription = await options.store.listen(CHANNEL, (said) => service.#heard(said));
      return service;
    } catch (error) {
      await service.stop(0);
      throw error;
    }
  }

  private constructor(options: ServiceOptions, queue: Queue) {
    this.#gate = new OrderGate(options.store.pool.options.max);
    const { store, settings, log, sealer, facade, diretrix, workApi, marks, observer } = options;
    this.#options = options;
    this.#queue = queue;
    this.#asyncCommit = openAsyncCommitPool(store.connections, store.extensionPoolSize);
    this.#repository = new EnrichmentRepository(store.db, this.#asyncCommit.db, queue);
    this.#instance = new Instance(store.connections, () => this.#worker?.alive(), log);
    const people = storePeople(this.#asyncCommit.db, () => settings().windowMs, sealer);
    const pace = storePace(store.db, () => settings().paceMs);
    this.#worker = new EnrichmentWorker({
      repository: this.#repository,
      instance: this.#instance,
      ports: { facade, diretrix, workApi, people, pace, marks },
      settings,
      observer,
      log,
      concurrency: settings().concurrency,
      knownShare: options.knownShare,
      poll: POLL_INTERVAL_MS,
      recoverEvery: RECOVER_INTERVAL_MS,
      now: () => performance.now(),
      clock: Date.now,
      onRunEnd: (id) => this.#waiting.heard(id),
    });
    this.lookUps = new LookUps({
      ...{ diretrix, workApi, people, pace },
      owner: () => this.#instance.number,
      windowMs: () => settings().windowMs,
      stored: (cpf) => storedPerson(store.db, cpf),
      record: (entry) => recordAudit(store.db, entry),
      now: () => performance.now(),
    });
    const retentionDays = (): number => settings().retentionDays;
    const holdMs = (): number => settings().holdMs;
    const auditDays = (): number => settings().auditDays;
    this.#retention = new Retention({ store, retentionDays, holdMs, auditDays, sealer, now: Date.now, log });
  }

  /**
   * One lead; joins the enrichment of it that is under way, and an order of it that is being written down.
   * @param caller for log lines (orders.ts).
   */
  async order(leadId: string, origin: Origin, standing: CallerStanding, caller: string): Promise<Ordered> {
    const name = `${standing} ${leadId}`;
    const before = this.#orders.get(name);
    if (before) return { ...(await before), isNew: false };
    const order = this.#takeOrder({ leadId, origin, caller, isUrgent: true, standing });
    this.#orders.set(name, order);
    return order.finally(() => this.#orders.delete(name));
  }

  async #takeOrder(wanted: EnrichmentRequest): Promise<Ordered> {
    const { holdMs } = this.#options.settings();
    const one = await this.#ordered([wanted.leadId], (tx) => this.#repository.order(tx, wanted, holdMs));
    if (!one.isHeld) this.#announce();
    return one;
  }

  /**
   * Durable when it resolves: events and enrichments are written together.
   *
   * @param isSigned the push showed the secret. One that did not waits behind all others, and is remembered apart: whoever
   *   invents an event must not be able to have the true one taken for its repetition.
   */
  async push(events: readonly C2sEvent[], isSigned = true): Promise<Pushed> {
    const byKey = new Map(events.map((event) => [event.key, event.leadId]));
    const pushed = [...new Set(byKey.values())];
    const standing: CallerStanding = isSigned ? 'known' : 'stranger';
    const made = await this.#ordered(pushed, async (tx) => {
      const fresh = isSigned
        ? await firstSeen(tx, 'c2s', [...byKey.keys()])
        : await firstUnsigned(tx, [...byKey.keys()]);
      // What was seen before is done, or under way, or a dead letter: that one is tried again.
      const dead = await leadsWithDeadLetters(tx, pushed);
      const leadIds = [...new Set([...fresh.map((key) => byKey.get(key) ?? ''), ...dead])];
      const done = await this.#repository.recentlyDone(tx, leadIds, this.#options.settings().repeatAfterMs);
      const wanted = leadIds
        .filter((leadId) => !done.has(leadId))
        .map((leadId) => ({ leadId, ...OF_PUSHES, isUrgent: false, standing }));
      return this.#repository.enqueue(tx, wanted);
    });
    const processed = made.filter(({ isNew }) => isNew).length;
    if (processed > 0) this.#announce();
    return { processed, duplicates: events.length - processed };
  }

  /** A lead of Google's that is to be created and enriched; durable when it resolves. */
  async pushNewLead(googleId: string, newLead: NewLead): Promise<PushedLead> {
    const leadId = `${UNCREATED}${googleId}`;
    const pushed = await this.#ordered([leadId], async (tx): Promise<PushedLead> => {
      const fresh = await firstSeen(tx, 'google', [googleId]);
      if (fresh.length === 0 && !(await leadsWithDeadLetters(tx, [leadId])).has(leadId))
        return { isNew: false, id: await enrichmentOf(tx, 'google', googleId) };
      const wanted = {
        leadId,
        origin: 'google',
        caller: PUSHERS.google,
        isUrgent: true,
        standing: 'known',
        newLead,
      } as const;
      const [made] = await this.#repository.enqueue(tx, [wanted]);
      if (made) await noteEnrichment(tx, 'google', googleId, made.id);
      return { isNew: true, id: made?.id };
    });
    if (pushed.isNew) this.#announce();
    return pushed;
  }

  /**
   * What came of the lead that an enrichment began by creating.
   * @param deadline milliseconds to wait for it; 0: as it is.
   */
  async createdLead(id: string, deadline: number): Promise<CreatedLead> {
    const isCreated = ({ leadId }: EnrichmentStatus): boolean => !leadId.startsWith(UNCREATED);
    const view =
      deadline > 0
        ? await this.#until(id, deadline, (one) => isCreated(one) || this.isSettled(one))
        : await this.#repository.view(id);
    if (!view) return { kind: 'pending' };
    if (isCreated(view)) return { kind: 'created', leadId: view.leadId };
    const { state, reason, result } = view;
    const hasFailed = state === 'failed' || state === 'unknown';
    return hasFailed ? { kind: 'failed', reason: reason ?? 'internal', result } : { kind: 'pending' };
  }

  /** @param reader undefined: somebody who may not see personal data, and gets none. */
  async view(id: string, reader: Actor | undefined): Promise<EnrichmentView | undefined> {
    const status = await this.#repository.view(id);
    return status && this.#shown(status, reader);
  }

  /** The only way by which the CPFs of an enrichment leave the store; each is recorded with its reader. */
  async #shown(status: EnrichmentStatus, reader: Actor | undefined): Promise<EnrichmentView> {
    return { ...status, cpfs: reader ? await discloseCpfs(this.#options.store.db, status.id, reader) : [] };
  }

  deadLetters(query: DeadLetterQuery): Promise<readonly DeadLetter[]> {
    return this.#repository.deadLetters(query);
  }

  countDeadLetters(): Promise<Readonly<Record<DeadState, number>>> {
    return this.#repository.countDeadLetters();
  }

  /** @param notSent a human has looked: the message is not there. @returns the ids of those that are tried again. */
  async retryDeadLetters(chosen: Chosen, notSent: boolean): Promise<readonly string[]> {
    const ids = await this.#repository.retryDeadLetters(chosen, notSent);
    if (ids.length > 0) this.#announce();
    return ids;
  }

  /** @returns the ids of those that count as seen to from now on. */
  settleDeadLetters(chosen: Chosen, actor: Actor): Promise<readonly string[]> {
    return this.#repository.settleDeadLetters(chosen, actor);
  }

  count(): Promise<Partial<Record<State, number>>> {
    return this.#repository.count();
  }

  /**
   * The enrichment when it ended, or when its quick tries are spent; as it is when the deadline passes. Whose it was is
   * shown with a success.
   */
  async settled(id: string, deadline: number, reader: Actor): Promise<EnrichmentView> {
    const status = await this.#until(id, deadline, (one) => this.isSettled(one));
    return this.#shown(status, status.state === 'done' ? reader : undefined);
  }

  async #until(
    id: string,
    deadline: number,
    isReached: (view: EnrichmentStatus) => boolean,
  ): Promise<EnrichmentStatus> {
    const until = performance.now() + deadline;
    for (;;) {
      // Asked for before the look, so that what happens in between is heard.
      const heard = this.#waiting.next(id, Math.max(0, until - performance.now()));
      const view = await this.#repository.view(id);
      if (!view) throw new Error('an enrichment that was waited for is gone');
      if (isReached(view) || performance.now() >= until) return view;
      // Nothing is begun any more; who waits is told that it goes on elsewhere.
      if (this.#isStopping && view.state === 'queued') return view;
      await heard;
    }
  }

  /** It ended, or only the rare tries are left. */
  isSettled({ state, failures }: EnrichmentStatus): boolean {
    if (state !== 'queued' && state !== 'running') return true;
    return state === 'queued' && isSlow(this.#options.settings().schedule, failures);
  }

  /** Begins nothing more, and lets what runs come to an end. @param deadline milliseconds. */
  async stop(deadline: number): Promise<void> {
    this.#isStopping = true;
    await this.#retention.close();
    await this.#worker.stop(deadline);
    await this.#subscription?.close();
    await this.#queue.stop();
    // Last: from here on what still runs may be taken over.
    await this.#instance.close();
    await this.#asyncCommit.close();
  }

  /** One after the other for each lead, and on the disk when it resolves. */
  #ordered<T>(leadIds: readonly string[], run: (tx: Transaction<Database>) => Promise<T>): Promise<T> {
    return this.#gate.run(leadIds, () => this.#repository.transaction(run));
  }

  /** @param said empty: something may have been said that this instance did not hear. */
  #heard(said: string): void {
    if (said !== JOBS) this.lookUps.forget();
    this.#worker.wake();
  }

  #announce(): void {
    this.#worker.wake();
    // A hint; without it the others look a second later.
    this.#options.store.notify(CHANNEL, JOBS).catch(() => undefined);
  }
}
