import type { HealthCheck, HealthListener, UpstreamHealth } from '../forward/upstream-health.ts';
import { HEALTH_RESULTS } from '../forward/upstream-health.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Path } from '../rollout/route.ts';
import type { ComposeContext } from './options.ts';

/** What is done with the health of an upstream: the log, the metrics, the other workers, and who else wants to hear. */

export type HealthChanged = (upstream: Path, ...change: Parameters<HealthListener>) => void;

export interface WatchedHealth {
  /** Hear of every change of the state. */
  readonly listeners: Set<HealthChanged>;
  /** A check of this process has ended. */
  readonly checked: (upstream: Path, check: HealthCheck) => void;
}

export function watchHealth(
  { log, role }: Pick<ComposeContext, 'log' | 'role'>,
  metrics: Metrics,
  health: Readonly<Record<Path, UpstreamHealth>>,
): WatchedHealth {
  const listeners = new Set<HealthChanged>();
  for (const upstream of ['direct', 'gateway'] as const) {
    if (health[upstream].settings) metrics.healthConfigured(upstream, HEALTH_RESULTS);
    health[upstream].subscribe((state, before, last) => {
      if (before === 'unchecked') metrics.healthConfigured(upstream, HEALTH_RESULTS);
      metrics.healthChanged(upstream, state === 'healthy' ? true : state === 'unhealthy' ? false : undefined);
      tellLog(log, { upstream, state, before, path: health[upstream].settings?.path, last });
      for (const listener of listeners) listener(upstream, state, before, last);
    });
  }
  const checked = (upstream: Path, check: HealthCheck): void => {
    metrics.healthChecks.inc({ upstream, result: check.result });
    health[upstream].record(check);
    if (check.result !== 'skipped') role.tell({ kind: 'health', upstream, check });
  };
  return { listeners, checked };
}

type Change = Record<'state' | 'before', Parameters<HealthListener>[0]> & {
  readonly upstream: Path;
  readonly path: string | undefined;
  readonly last: HealthCheck | undefined;
};

function tellLog(log: ComposeContext['log'], { upstream, state, before, path, last }: Change): void {
  const facts = { upstream, path, state, result: last?.result, status: last?.status };
  switch (state) {
    case 'unhealthy':
      return log.warn(facts, `upstream unhealthy: its health checks fail (${last?.result})`);
    case 'unproven':
      return log.warn(
        facts,
        `health checks of ${upstream} say nothing: GET ${path} is answered ${last?.status}. Correct upstreams.${upstream}.health.path, or add the status to expectedStatuses`,
      );
    case 'healthy':
      return log.info(facts, before === 'unhealthy' ? 'upstream healthy again' : 'upstream healthy');
    case 'unknown':
    case 'unchecked':
      return;
  }
}
