import { randomUUID } from 'node:crypto';
import type { FacadeConfig } from '../config/schema.ts';
import type { Caller } from '../forward/callers.ts';
import type { DataPlane } from '../forward/data-plane.ts';
import type { InboundRequest } from '../forward/exchange.ts';
import type { Calendar } from '../../http/calendar.ts';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Path } from '../rollout/route.ts';
import type { Store } from '../store/index.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import { ParityBook, type EvidenceRow } from './book.ts';
import type { PathAnswer } from './comparison.ts';
import type { DirectAnswerSink } from './direct-answers.ts';
import type { EvidenceJson } from './evidence.ts';
import { keepEvidence, type EvidenceKeeper } from './keep-evidence.ts';
import { ComparisonMetrics } from './metrics.ts';
import type { LimitPause } from './limit-pause.ts';
import { Observer } from './observer.ts';
import { paritySettings, rulesOf } from './parity-settings.ts';
import type { ShadowBudget } from './shadow-budget.ts';
import { PerSecond } from './per-second.ts';
import { shadowSettings } from './settings.ts';
import { cannotTell, verifyWrite, type Verification } from './verify.ts';
import { WriteReader } from './write-reader.ts';

/** The comparison, put together: shadows and read-backs on one side, the book and what keeps it on the other. */

interface ComparisonOptions {
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly calendar: Calendar;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly config: FacadeConfig;
  /** There is a store, or there will be one: what is not forgotten there is not forgotten. */
  readonly hasStore: boolean;
  /** After a 429 of the legacy side, for all that only reads for us. */
  readonly pause: LimitPause;
  readonly budget: ShadowBudget;
  /** What direct answered, of all that is read for the comparison. */
  readonly onDirectAnswer: DirectAnswerSink;
}

export interface Comparing {
  readonly book: ParityBook;
  /** After every load of the config. */
  use(config: FacadeConfig): void;
  /**
   * Forgets what was gathered of a route, as after a repair of the gateway: on all instances, and for good.
   * @throws where the store cannot be had now; then nothing is forgotten, for it would be back after a restart.
   */
  forget(route: string): Promise<void>;
  /** The evidence outlives the process, and is summed with that of other instances. */
  keep(store: Store): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds. */
const KEEP_INTERVAL_MS = 5_000;

export function startComparison(options: ComparisonOptions): Comparing {
  const { dataPlane, metrics, now, calendar, random, log } = options;
  const book = new ParityBook(randomUUID(), paritySettings(options.config));
  const counters = new ComparisonMetrics(metrics.registry, book, calendar.now);
  let settings = shadowSettings(options.config);
  const ports = portsOf(options);
  const writes = new WriteReader(settings, {
    ...ports,
    random,
    judge: (...looked) => judgeWrite(options, settings.maxBodyBytes, ...looked),
    verified: readBackNoter(counters, book, calendar),
  });
  const observer = new Observer({
    ...ports,
    settings,
    book,
    onDirectAnswer: options.onDirectAnswer,
    writes,
    metrics: counters,
    calendar: calendar.now,
    onError: defectLog(log, now),
  });
  let keeper: EvidenceKeeper<EvidenceRow> | undefined;
  let current = options.config;
  const comparing: Comparing = {
    book,
    use(config) {
      current = config;
      settings = shadowSettings(config);
      useModels(config, options, book, counters);
      observer.configure(settings);
      writes.configure(settings);
    },
    async forget(route) {
      const row = book.forgetting(route, calendar.now());
      if (row && keeper) await keeper.forget(row);
      else if (row) forgetAlone(book, row, options.hasStore);
    },
    async keep(store) {
      keeper = await keepIn(store, book, options, () => paritySettings(current).windowMs);
    },
    async close() {
      await observer.close();
      await keeper?.close();
    },
  };
  comparing.use(options.config);
  dataPlane.shadowSink = observer;
  return comparing;
}

function useModels(
  config: FacadeConfig,
  { dataPlane }: ComparisonOptions,
  book: ParityBook,
  counters: ComparisonMetrics,
): void {
  const models = dataPlane.snapshot.entries.map(({ model }) => model);
  book.use(paritySettings(config), rulesOf(config, models));
  counters.use(models);
}

function forgetAlone(book: ParityBook, row: EvidenceRow, hasStore: boolean): void {
  if (hasStore) throw new StoreUnavailable('it is not there yet');
  book.absorb([row]);
}

async function keepIn(
  { db }: Store,
  book: ParityBook,
  { calendar, log }: ComparisonOptions,
  keepFor: () => number,
): Promise<EvidenceKeeper<EvidenceRow>> {
  const { PostgresParity } = await import('../store/parity.ts');
  return keepEvidence({
    book,
    store: new PostgresParity<EvidenceJson>(db),
    every: (work) => everyFew(calendar, work),
    now: calendar.now,
    keepFor,
    onError: (error) => log.warn({ err: error }, 'the evidence of parity could not be kept in step with the store'),
  });
}

/** What fails for one shadow fails for the next one too: once a second is enough. */
function defectLog(log: Logger, now: () => number): (error: unknown) => void {
  const limit = new PerSecond(1);
  return (err) => {
    if (limit.take(now())) log.error({ err }, 'a comparison failed: a defect of the facade, report it');
  };
}

function portsOf({ dataPlane, now, pause, budget }: ComparisonOptions) {
  return {
    now,
    pause,
    budget,
    snapshot: () => dataPlane.snapshot,
    isUnderPressure: () => dataPlane.overload.isUnderPressure,
    credentials: (path: Path, caller: Caller | undefined) => dataPlane.credentials(path, caller),
  };
}

/** Takes what came of a write that was read back. */
function readBackNoter({ verifications }: ComparisonMetrics, book: ParityBook, calendar: Calendar) {
  return ({ match }: InboundRequest, seen: Verification): void => {
    const { id } = match.route.model;
    verifications.inc({ route: id, result: seen.result });
    book.readBack(id, seen, calendar.now());
  };
}

/** One call at a time, however long it takes. */
function everyFew(calendar: Calendar, work: () => Promise<void>): { close(): void } {
  let running: Promise<void> | undefined;
  return calendar.every(KEEP_INTERVAL_MS, () => (running ??= work().finally(() => (running = undefined))));
}

/** A record that is read back is an answer of the route that it was read by. */
function readBackSeen(
  { dataPlane, onDirectAnswer }: ComparisonOptions,
  asked: InboundRequest,
  answer: PathAnswer,
): void {
  const { model: written } = asked.match.route;
  const read = dataPlane.snapshot.entries.find(({ model }) => model.id === written.verify?.read);
  if (read) onDirectAnswer(read.model, `read-back of ${written.id} ${asked.match.params.join('/')}`, answer);
}

/** What was read back says whether the write arrived as it was asked. */
function judgeWrite(
  options: ComparisonOptions,
  longest: number,
  asked: InboundRequest,
  body: Buffer,
  answer: PathAnswer | undefined,
): Verification {
  if (!answer) return cannotTell('not_read');
  readBackSeen(options, asked, answer);
  const { match } = asked;
  const { model } = match.route;
  return verifyWrite(model, body, match.dialect, answer, longest);
}
