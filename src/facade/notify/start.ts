import { randomUUID } from 'node:crypto';
import type { Calendar } from '../../http/calendar.ts';
import { codeOf } from '../../http/error-code.ts';
import type { Logger } from '../../http/log.ts';
import type { ProposedStep } from '../compare/autopilot/ports.ts';
import type { ParityReport } from '../compare/report.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { BreakerState } from '../forward/breaker.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { FlipReason, FlipRecord } from '../rollout/flip.ts';
import { PASSTHROUGH } from '../rollout/compile.ts';
import type { Path } from '../rollout/route.ts';
import type { StoreHolder } from '../store/holder.ts';
import type { QueuedNotification } from '../store/notification-queue.ts';
import { BreakerWatch } from './breaker-watch.ts';
import { NotificationMetrics } from './metrics.ts';
import { DriftTeller } from './drift-teller.ts';
import { Notifier, type TestedTarget } from './notifier.ts';
import { notificationsOf } from './of-flips.ts';
import { ParityWatch } from './parity-watch.ts';
import { Poster } from './post.ts';
import { targetsOf, type NotifyTarget } from './target.ts';

/** Puts the notifications together: what is told of, the queue, and the posts. */

const BEAT_MS = 1_000;
const PARITY_EVERY_MS = 10_000;

interface NotifyOptions {
  readonly config: FacadeConfig;
  readonly secret: string | undefined;
  /** Names this process. */
  readonly instance: string;
  readonly store: StoreHolder;
  /** Of a route. */
  readonly parity: (route: string) => ParityReport | undefined;
  readonly isUnderPressure: () => boolean;
  /** Where no database is shared, this process tells of the verdicts. */
  readonly tellsVerdictsAlone: boolean;
  readonly metrics: Metrics;
  readonly calendar: Calendar;
  readonly log: Logger;
}

export interface Notifying {
  readonly notifier: Notifier;
  /** After every load of the config. */
  use(config: FacadeConfig): void;
  breakerChanged(route: string, path: Path, state: BreakerState, isFollowed: boolean): void;
  /** The upstream of a path is unhealthy, or healthy again. @param result of the check that decided. */
  healthChanged(path: Path, isHealthy: boolean, result: string): void;
  proposed(step: ProposedStep): void;
  /** Of direct, at each look. @param why what drifts */
  drifted(route: string, isDrifting: boolean, why: string): void;
  /** Of one revision; what the history is to keep with it. */
  rowsOf(records: readonly FlipRecord[]): readonly QueuedNotification[];
  /** It was made. @param rows that the history did not keep. */
  flipped(rows: readonly QueuedNotification[]): void;
  test(reason: Pick<FlipReason, 'who' | 'source'>): Promise<TestedTarget[]>;
  close(): Promise<void>;
}

/** What is told of, in the config in force. */
interface Noticing {
  config: FacadeConfig;
  targets: readonly NotifyTarget[];
}

export function startNotify(options: NotifyOptions): Notifying {
  const { calendar, instance, secret } = options;
  const current: Noticing = { config: options.config, targets: targetsOf(options.config.notify, secret) };
  const poster = new Poster();
  const notifier = createNotifier(options, current, poster);
  const breakers = new BreakerWatch({ instance, now: calendar.now, tell: (told) => notifier.tell(told) });
  const beating = calendar.every(BEAT_MS, () => {
    breakers.look();
    return notifier.beat();
  });
  const looking = watchParity(options, current, notifier);
  const drifts = new DriftTeller({ tell: (...found) => notifier.tellVerdict(...found), instance, now: calendar.now });
  const told = <E extends 'proposal' | 'health' | 'test'>(event: E) => {
    return { event, id: randomUUID(), at: new Date(calendar.now()).toISOString(), instance };
  };
  return {
    notifier,
    use(config) {
      [current.config, current.targets] = [config, targetsOf(config.notify, secret)];
      breakers.keep(new Set([PASSTHROUGH, ...config.routes.map(({ id }) => id)]));
    },
    breakerChanged(route, path, state, isFollowed) {
      breakers.changed(route, route === PASSTHROUGH ? PASSTHROUGH : path, state, isFollowed);
    },
    healthChanged(path, isHealthy, result) {
      const [from, to] = isHealthy ? ['unhealthy', 'healthy'] : ['healthy', 'unhealthy'];
      notifier.tell({ ...told('health'), path, from, to, ...(isHealthy ? {} : { why: result }) });
    },
    proposed({ route, from, to, why }) {
      const who = { who: 'autopilot', source: 'autopilot' } as const;
      notifier.tell({ ...told('proposal'), ...who, route, from: { gateway: from }, to: { gateway: to }, why });
    },
    drifted(...found) {
      if (!mayTell(options, current, notifier, 'drift')) return;
      void drifts.look(...found).catch((error: unknown) => {
        options.log.debug({ code: codeOf(error) }, 'a drift cannot be told now');
      });
    },
    rowsOf: (records) => notificationsOf(records, instance).flatMap((notification) => notifier.rowsOf(notification)),
    flipped: (rows) => notifier.keep(rows),
    test: ({ who, source }) => notifier.test({ ...told('test'), who, source }),
    async close() {
      beating.close();
      looking.close();
      await notifier.close();
      await poster.close();
    },
  };
}

function createNotifier({ metrics, calendar, log, store }: NotifyOptions, current: Noticing, poster: Poster): Notifier {
  const counters = new NotificationMetrics(metrics.registry);
  const notifier = new Notifier({
    targets: () => current.targets,
    consoleUrl: () => current.config.server.consoleUrl,
    post: (...post) => poster.post(...post),
    count: (...counted) => counters.count(...counted),
    now: calendar.now,
    log,
  });
  store.whenReady('notifications', async ({ db }) => {
    const { PostgresNotifications } = await import('../store/notifications.ts');
    notifier.attach(new PostgresNotifications(db));
  });
  return notifier;
}

/** Instances that share a store tell once. */
function mayTell(
  { store, tellsVerdictsAlone, isUnderPressure }: NotifyOptions,
  { targets }: Noticing,
  notifier: Notifier,
  event: 'parity' | 'drift',
): boolean {
  const isOurs = store.isOff ? tellsVerdictsAlone : notifier.isLasting;
  return isOurs && !isUnderPressure() && targets.some(({ events }) => events.includes(event));
}

function watchParity(options: NotifyOptions, current: Noticing, notifier: Notifier): { close(): void } {
  const { calendar, instance, log } = options;
  const watch = new ParityWatch({
    reports: () =>
      current.config.routes.flatMap(({ id, direct, gateway, rollout }) =>
        rollout.gateway > 0 && direct !== undefined && gateway !== undefined ? (options.parity(id) ?? []) : [],
      ),
    verdict: (...found) => notifier.tellVerdict(...found),
    instance,
    now: calendar.now,
  });
  return calendar.every(PARITY_EVERY_MS, async () => {
    if (!mayTell(options, current, notifier, 'parity')) return;
    await watch.look().catch((error: unknown) => log.debug({ code: codeOf(error) }, 'a verdict cannot be told now'));
  });
}
