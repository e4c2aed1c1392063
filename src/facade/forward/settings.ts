import type { ApiPair } from '../rollout/api-pair.ts';
import type { FacadeConfig, HealthConfig, UpstreamConfig } from '../config/schema.ts';
import { compileRoutes, compileUnclaimed } from '../rollout/compile.ts';
import type { OverloadLimits } from './overload.ts';
import type { RuntimeSettings } from './runtime-builder.ts';
import type { UpstreamSettings } from './upstream.ts';
import type { HealthSettings, StatusRange } from './upstream-health.ts';

/** From what the operator wrote to what the table is built of; no gateway where no URL is. */
export function runtimeSettings(config: FacadeConfig, pair: ApiPair, digest: string): RuntimeSettings {
  const { server, log, upstreams, failover } = config;
  const connect = config.defaults.deadlines.connect;
  const knownShare = server.knownCallerShare;
  return {
    digest,
    routes: compileRoutes(config, pair),
    unclaimed: compileUnclaimed(config, pair),
    upstreams: {
      direct: upstreamSettings(upstreams.direct, connect, knownShare),
      gateway: upstreams.gateway.url === '' ? undefined : upstreamSettings(upstreams.gateway, connect, knownShare),
    },
    health: {
      direct: upstreams.direct.health && healthSettings(upstreams.direct.health),
      gateway:
        upstreams.gateway.url === '' || !upstreams.gateway.health
          ? undefined
          : healthSettings(upstreams.gateway.health),
    },
    failover: { ...failover, knownShare },
    knownShare,
    trustedProxies: server.trustedProxies,
    forceHeader: server.forceHeader,
    killSwitchFile: server.killSwitchFile,
    successSample: log.successSample,
  };
}

/** Of what the operator wrote. */
export function healthSettings({ interval, timeout, expectedStatuses, ...rest }: HealthConfig): HealthSettings {
  return { ...rest, intervalMs: interval, timeoutMs: timeout, expected: [expectedStatuses].flat().map(statusRange) };
}

/** `204`, `200-399` */
function statusRange(written: string | number): StatusRange {
  const [from = 0, to = from] = String(written).split('-').map(Number);
  return { from, to };
}

/** What the process takes on at most. */
export function overloadLimits({ server: { overload, knownCallerShare } }: FacadeConfig): OverloadLimits {
  const { maxConnections, maxInflight, maxLag } = overload;
  return { maxConnections, maxInflight, maxLagMs: maxLag, knownShare: knownCallerShare };
}

interface DrainTimes {
  /** From the stop until the listener closes; everything is served meanwhile, and health checks say 503. */
  readonly delayMs: number;
  /** From then on, for what is under way. */
  readonly deadlineMs: number;
}

/** @param delayMs where the config file names none. */
export function drainTimes({ server }: FacadeConfig, delayMs: number): DrainTimes {
  return {
    delayMs: server.drainDelay ?? delayMs,
    deadlineMs: server.drain,
  };
}

function upstreamSettings(
  { url, maxInflight, keepAlive, maxConnectionAge, rateBudget }: UpstreamConfig,
  connect: number,
  knownShare: number,
): UpstreamSettings {
  return {
    url,
    maxInflight,
    knownShare,
    keepAliveMs: keepAlive,
    connectTimeoutMs: connect,
    maxConnectionAgeMs: maxConnectionAge,
    rateBudget: rateBudget && {
      requests: rateBudget.requests,
      burst: rateBudget.burst,
      knownShare,
      periodMs: rateBudget.period,
      maxWaitMs: rateBudget.longestWait,
    },
  };
}
