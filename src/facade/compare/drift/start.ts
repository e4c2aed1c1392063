import { randomUUID } from 'node:crypto';
import type { Calendar } from '../../../http/calendar.ts';
import type { Logger } from '../../../http/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { RouteModel } from '../../rollout/route.ts';
import type { Store } from '../../store/index.ts';
import type { StoreHolder } from '../../store/holder.ts';
import { StoreUnavailable } from '../../store/unavailable.ts';
import type { DirectAnswerSink } from '../direct-answers.ts';
import { keepEvidence, type EvidenceKeeper } from '../keep-evidence.ts';
import { BASELINE_DAYS, DriftBook, type DriftReport, type DriftRow } from './book.ts';
import type { DayShapesJson } from './day-shapes-json.ts';
import { DriftMetrics } from './metrics.ts';
import { DriftWatch, type DriftTold } from './watch.ts';

/** The drift of direct, put together: what it learns from, what it keeps, and who looks. */

interface DriftOptions {
  readonly models: () => readonly RouteModel[];
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly calendar: Calendar;
  readonly store: StoreHolder;
  /** A route has other findings than at the look before. */
  readonly told: DriftTold;
}

export interface Drift {
  readonly onDirectAnswer: DirectAnswerSink;
  /** Undefined for a route that has not both endpoints. */
  report(route: string): DriftReport | undefined;
  /** After every load of the config. */
  use(): void;
  /**
   * What direct answers now is the new normal of a route, on all instances.
   * @throws where the store cannot be had now; then nothing is accepted, for the drift would be back after a restart.
   */
  accept(route: string, by: string): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds. The rows of a route are tens of kilobytes, and nobody waits for a drift by the second. */
const KEEP_INTERVAL_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

export function startDrift(options: DriftOptions): Drift {
  const { models, log, calendar, store } = options;
  const book = new DriftBook(randomUUID());
  const metrics = new DriftMetrics(options.metrics.registry);
  let keeper: EvidenceKeeper<DriftRow> | undefined;
  // Before the store was read nothing is known, which is not that nothing drifts.
  const told: DriftTold = (...found) => {
    if (store.isOff || keeper) options.told(...found);
  };
  const watch = new DriftWatch({ metrics, log, told });
  store.whenReady('drift', async ({ db }) => {
    keeper = await keepIn(db, book, options);
  });
  const look = (): void =>
    watch.look(book.routes.map((route) => [route, book.report(route, calendar.now())?.findings ?? []]));
  // After the store: what others found, and accepted, is known before anything is said of it.
  const looking = calendar.every(KEEP_INTERVAL_MS, async () => {
    await keeper?.flush();
    look();
  });
  const use = (): void => {
    const watched = models().filter(hasBothEndpoints);
    book.use(watched);
    metrics.use(watched.map(({ id }) => id));
  };
  use();
  return {
    // An answer to HEAD has no body whatever the route answers.
    onDirectAnswer: (model, question, answer) => {
      if (!question?.startsWith('HEAD ')) book.offer(model.id, question, answer, calendar.now());
    },
    report: (route) => book.report(route, calendar.now()),
    use,
    async accept(route, by) {
      const row = book.accepting(route, calendar.now());
      if (!row) return;
      if (keeper) await keeper.forget(row);
      else if (store.isOff) book.absorb([row]);
      else throw new StoreUnavailable('it is not there yet');
      log.info({ route, by }, 'drift of direct accepted: what it answers now is the new normal');
      look();
    },
    async close() {
      looking.close();
      await keeper?.close();
    },
  };
}

async function keepIn(
  db: Store['db'],
  book: DriftBook,
  { calendar, log }: DriftOptions,
): Promise<EvidenceKeeper<DriftRow>> {
  const { PostgresParity } = await import('../../store/parity.ts');
  return keepEvidence<DriftRow>({
    book: {
      takeDirty: () => book.takeDirty(calendar.now()),
      putBack: (rows) => book.putBack(rows),
      absorb: (rows) => book.absorb(rows),
    },
    store: new PostgresParity<DayShapesJson>(db, 'direct_shapes'),
    // By the look.
    every: () => ({ close: () => undefined }),
    now: calendar.now,
    // The oldest day counts to its end.
    keepFor: () => (BASELINE_DAYS + 1) * DAY_MS,
    onError: (err) => log.warn({ err }, 'the shapes of direct could not be kept in step with the store'),
  });
}

const hasBothEndpoints = ({ direct, gateway }: RouteModel): boolean => direct.length > 0 && gateway.length > 0;
