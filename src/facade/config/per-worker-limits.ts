import type { FacadeConfig, RateBudgetConfig, UpstreamConfig } from './schema.ts';
import type { ConfigSection } from './table-schema.ts';

/**
 * One process's part of what all together may do. The operator writes what an upstream and the machine bear; how many
 * processes share it is another setting, so that WORKERS may change and no limit has to be thought over.
 */
export function splitLimits(config: FacadeConfig, workers: number, section?: ConfigSection): FacadeConfig {
  if (workers === 1) return config;
  const part = (limit: number): number => shareOf(limit, workers);
  const { server, upstreams, failover, compare, extension } = config;
  const { maxConnections, maxInflight, maxLag } = server.overload;
  const upstream = (whole: UpstreamConfig): UpstreamConfig => ({
    ...whole,
    maxInflight: part(whole.maxInflight),
    rateBudget: whole.rateBudget && budgetPart(whole.rateBudget, workers),
  });
  return {
    ...config,
    server: {
      ...server,
      overload: { maxConnections: part(maxConnections), maxInflight: part(maxInflight), maxLag },
    },
    upstreams: { direct: upstream(upstreams.direct), gateway: upstream(upstreams.gateway) },
    failover: { ...failover, minPerSecond: failover.minPerSecond / workers },
    compare: { ...compare, maxInflight: part(compare.maxInflight), maxQueue: part(compare.maxQueue) },
    ...(section?.splitLimits && { extension: section.splitLimits(extension, workers) }),
  };
}

/** At least one: with more workers than places each has one all the same. */
export const shareOf = (limit: number, workers: number): number => Math.max(1, Math.floor(limit / workers));

/** Exactly the part, in whole requests: where they do not divide, the period is the longer. */
function budgetPart({ requests, period, burst, longestWait }: RateBudgetConfig, workers: number): RateBudgetConfig {
  const own = Math.ceil(requests / workers);
  const longer = Math.ceil((period * own * workers) / requests);
  return { requests: own, period: longer, burst: Math.floor(burst / workers), longestWait };
}
