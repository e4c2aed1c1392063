import type { Cpf } from './cpf.ts';
import type { StepRecord } from '../store/tables/enrichments.ts';
import { createStep } from './create-step.ts';
import type { FailureReason, EnrichmentResult, Step } from './enrichment.ts';
import { LeaseLost, type Changes, type Enrichment, type EnrichmentRepository } from './repository.ts';
import type { RunObserver, StepReport } from './observer.ts';
import type { EnrichmentPorts, StepSettings } from './ports.ts';
import { nextTry, type RetrySchedule } from './schedule.ts';
import { sendStep } from './send-step.ts';
import { again, end, type Again, type End, type StepEnd } from './step-end.ts';
import { composeStep, enrichStep, identifyStep, leadStep, storeStep } from './steps.ts';

/**
 * One run of an enrichment: from the step at which its row stands, step by step, each written down before the next one
 * begins (the message with the people, since to compose it again costs nothing), until it ends, must wait, or belongs to somebody else. A process that dies loses the step it was in.
 */

export interface RunContext {
  readonly repository: EnrichmentRepository;
  readonly ports: EnrichmentPorts;
  /** As they are now. */
  readonly settings: () => StepSettings & { readonly schedule: RetrySchedule };
  readonly observer: RunObserver;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Milliseconds. An order so young is not of a backup, so that the CRM cannot know more of it than its row does. */
const FRESH_MS = 10_000;

const NOTHING_HELD = { records: [], changes: {} };

/** What a run came to: the milliseconds until the next one, or nothing more to do. */
export type RunEnd = { readonly kind: 'ended' | 'lost' } | { readonly kind: 'waits'; readonly delay: number };

export class Run {
  readonly #context: RunContext;
  readonly #owner: number;
  #row: Enrichment;
  /** When the row was read: its times are as old as that. */
  readonly #readAt: number;
  /** The lead step of this very run has seen no message of ours. */
  #hasReadLead = false;
  /** What came of a step that only computes: written down with the next one, since to lose it costs nothing. */
  #held: { readonly records: readonly StepRecord[]; readonly changes: Partial<Changes> } = NOTHING_HELD;

  constructor(context: RunContext, owner: number, row: Enrichment) {
    this.#context = context;
    this.#owner = owner;
    this.#row = row;
    this.#readAt = context.now();
  }

  /** Rejects when what a step came to cannot be written down. */
  async run(): Promise<RunEnd> {
    for (;;) {
      const { step, id } = this.#row;
      const startedAt = this.#context.now();
      try {
        this.#context.observer.reached?.(`${step}:begun`, id);
        const came = await this.#attempt(step);
        const done = await this.#record(came, startedAt);
        this.#context.observer.reached?.(`${step}:saved`, id);
        if (done) return done;
      } catch (error) {
        const isLost = error instanceof LeaseLost;
        this.#report(startedAt, { step, result: isLost ? 'lost' : 'error' });
        if (isLost) return { kind: 'lost' };
        throw error;
      }
    }
  }

  /** What nobody foresaw is tried again like everything else, and in the end is a dead letter. */
  async #attempt(step: Step): Promise<StepEnd> {
    try {
      return await this.#take(step);
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      this.#context.observer.failed(step, this.#row, error);
      return again('internal');
    }
  }

  #take(step: Step): Promise<StepEnd> | StepEnd {
    const { ports, observer } = this.#context;
    const settings = this.#context.settings();
    const row = this.#current();
    const facade = ports.facade;
    const answered = (): void => observer.reached?.('answered', row.id);
    const sending = { facade, settleMs: settings.settleMs, intend: () => this.#intend(), answered };
    switch (step) {
      case 'create':
        return createStep(row, { ...sending, newLead: settings.newLead, hasLooked: row.age < FRESH_MS });
      case 'lead':
        return leadStep(row, ports, this.#context.repository);
      case 'identify':
        return identifyStep(row, ports);
      case 'enrich':
        return enrichStep(row, {
          ...ports,
          owner: this.#owner,
          found: (cpf: Cpf, findings) => this.#context.repository.saveFinding(this.#owner, row.id, cpf, findings),
          wereEnriched: (cpfs) => this.#context.repository.wereEnriched(row.id, cpfs, settings.windowMs),
          isLastQuickTry: row.failures >= settings.schedule.quickMs.length,
        });
      case 'compose':
        return composeStep(row, settings, ports.marks);
      case 'store':
        return storeStep(row, ports);
      case 'send':
        return sendStep(row, { ...sending, hasLooked: this.#hasReadLead });
    }
  }

  /** @returns milliseconds that it took, by both clocks: the monotonic one may stand still in a machine that is paused. */
  async #intend(): Promise<number> {
    const { id, sends } = this.#row;
    const { repository, now, clock } = this.#context;
    const since = { now: now(), clock: clock() };
    await repository.recordSendIntent(this.#owner, id, sends);
    this.#row = { ...this.#row, sends: sends + 1, sendAge: 0, sendOutcome: null };
    this.#context.observer.reached?.('intended', id);
    return Math.max(now() - since.now, clock() - since.clock);
  }

  /** Its times brought up to now. */
  #current(): Enrichment {
    const passed = this.#context.now() - this.#readAt;
    const { sendAge, lineageAge } = this.#row;
    const older = (age: number | null): number | null => (age === null ? null : age + passed);
    return { ...this.#row, sendAge: older(sendAge), lineageAge: older(lineageAge) };
  }

  async #record(came: StepEnd, startedAt: number): Promise<RunEnd | undefined> {
    switch (came.kind) {
      case 'next':
        return this.#goOn(came.changes, startedAt);
      case 'again':
        return this.#wait(came, startedAt);
      case 'end':
        return this.#end(came, startedAt);
    }
  }

  async #goOn(changes: Changes, startedAt: number): Promise<RunEnd | undefined> {
    const { repository } = this.#context;
    const { id, step, failures } = this.#row;
    if (step === 'compose') {
      this.#held = { records: this.#entries(step, 'ok', startedAt), changes };
      this.#report(startedAt, { step, result: 'ok' });
      // Until it is written down, what failed before counts on.
      this.#row = { ...advance(this.#row, changes), failures };
      return undefined;
    }
    try {
      const all = { ...this.#held.changes, ...changes };
      await repository.save(this.#owner, id, this.#entries(step, 'ok', startedAt), all);
      this.#held = NOTHING_HELD;
    } catch (error) {
      // The lead's own push was faster: its enrichment does the work.
      if (changes.leadId === undefined || !isTaken(error)) throw error;
      return this.#end(end('joined', { leadId: changes.leadId }), startedAt);
    }
    this.#report(startedAt, { step, result: 'ok' });
    this.#row = advance(this.#row, changes);
    if (step === 'lead') this.#hasReadLead = true;
    return undefined;
  }

  async #wait(came: Again, startedAt: number): Promise<RunEnd> {
    const { repository, settings } = this.#context;
    const { id, step } = this.#row;
    const failures = came.wait === undefined ? this.#row.failures + 1 : this.#row.failures;
    const delay = came.wait ?? nextTry(settings().schedule, failures, came.retryAfter);
    if (delay === undefined) return this.#end(giveUp(came), startedAt);
    const { reason, sendOutcome } = came;
    const entries = this.#entries(step, reason, startedAt);
    await repository.retry(this.#owner, id, entries, { delay, failures, reason, ...(sendOutcome && { sendOutcome }) });
    this.#report(startedAt, { step, result: 'again', reason, retryIn: delay });
    return { kind: 'waits', delay };
  }

  async #end(came: End, startedAt: number): Promise<RunEnd> {
    const { repository, observer } = this.#context;
    const { id, step } = this.#row;
    const { result, reason } = came;
    await repository.finish(this.#owner, id, this.#entries(step, reason ?? 'ok', startedAt), came);
    this.#report(startedAt, { step, result: 'end', reason: reason ?? result });
    observer.ended(this.#row, result);
    return { kind: 'ended' };
  }

  /** This one, after those that are not yet written down. */
  #entries(step: Step, result: string, startedAt: number): readonly StepRecord[] {
    const { now, clock } = this.#context;
    const at = new Date(clock()).toISOString();
    return [...this.#held.records, { step, result, at, ms: Math.round(now() - startedAt) }];
  }

  #report(startedAt: number, report: Omit<StepReport, 'enrichmentId' | 'caller' | 'ms'>): void {
    const { now, observer } = this.#context;
    const { id: enrichmentId, caller } = this.#row;
    observer.stepped({ ...report, enrichmentId, caller, ms: now() - startedAt });
  }
}

/** After the last try. What may have arrived is for a human; the rest is a dead letter. */
function giveUp({ reason, sendOutcome }: Again): End {
  const result: EnrichmentResult = sendOutcome === 'unknown' ? 'unknown' : 'gave_up';
  return end(result, { reason: reason satisfies FailureReason, sendOutcome });
}

function advance(row: Enrichment, { step, leadId, progress, findings, message, entities }: Changes): Enrichment {
  return {
    ...row,
    step,
    failures: 0,
    ...(leadId === undefined ? {} : { leadId, sends: 0, sendAge: null, sendOutcome: null }),
    ...(progress && { progress }),
    ...(findings && { findings }),
    ...(message !== undefined && { message }),
    ...(entities !== undefined && { entities }),
  };
}

/** Another enrichment of this lead is under way: the unique index of 003. */
const isTaken = (error: unknown): boolean => (error as { code?: unknown }).code === '23505';
