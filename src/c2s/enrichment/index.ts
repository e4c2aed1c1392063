import type { Server } from 'node:http';
import type { Request } from 'express';
import { Agent } from 'undici';
import { Campaigns, parseCampaigns } from '../gateway/campaigns.ts';
import type { PageRouter } from '../../facade/forward/pages.ts';
import type { Logger } from '../../http/log.ts';
import { createUpstreamPool } from '../../http/upstream-pool.ts';
import { readTextSync } from '../../http/read-file.ts';
import type { Metrics } from '../../facade/observe/metrics.ts';
import type { Tracing } from '../../facade/observe/tracing/trace.ts';
import type { StoreHolder } from '../../facade/store/holder.ts';
import { DATABASE_DOWN, NO_DATABASE, NOT_CONFIGURED, NOT_STARTED, type Availability } from './availability.ts';
import { createEndpoints } from './endpoints.ts';
import type { WebhookOptions } from './endpoint-kit.ts';
import { createEnrichmentMetrics, type EnrichmentMetrics } from './metrics.ts';
import { createObserver, traced, type RunObserver } from './observer.ts';
import type { EnrichmentService } from './service.ts';
import { unsignedUntil, type EnrichmentConfig } from './section.ts';
import { enrichmentSettings } from './settings.ts';
import { UnsignedPushes } from './unsigned-pushes.ts';
import type { EnrichmentVariables } from './variables.ts';

/** The enrichment as the composition root sees it: a router, and a service that comes and goes with the database. */

export interface EnrichmentOptions {
  readonly variables: EnrichmentVariables;
  /** Of Contact2Sale: the enrichment calls the facade with it. */
  readonly directToken: string | undefined;
  readonly config: () => EnrichmentConfig;
  /** Share of the places for work, 0..1, that strangers' enrichments cannot take. */
  readonly knownShare: () => number;
  readonly store: StoreHolder;
  readonly metrics: Metrics;
  /** The id of the known caller; undefined: a stranger. */
  readonly callerOf: (req: Request) => string | undefined;
  readonly log: Logger;
  /** Watches runs beside logs and metrics. */
  readonly reached?: RunObserver['reached'] | undefined;
  /** Undefined: off. */
  readonly tracing?: Tracing | undefined;
}

interface EnrichmentRoom {
  /** The service, or why there is none. */
  readonly availability: () => Availability;
  readonly pages: PageRouter;
  /** Has the service started as soon as there is a store. @param server the public one, through which leads are reached. */
  attach(server: Server): void;
  /** Another table serves. */
  reloaded(): void;
  /** @param deadline milliseconds for what runs. */
  stop(deadline: number): Promise<void>;
}

/** Of the pools of the two look-up services; more calls wait. As many as there may be enrichments under way. */
const MAX_CONNECTIONS = 256;
const CONNECTIONS = { keepAliveMs: 4_000, connectTimeoutMs: 10_000, maxConnectionAgeMs: 60_000 };

export function createEnrichment(options: EnrichmentOptions): EnrichmentRoom {
  const { variables, directToken, config, knownShare, store, metrics, log, callerOf, reached, tracing } = options;
  let service: EnrichmentService | undefined;
  let isStopping = false;
  const settings = () => enrichmentSettings(config(), variables);
  const isConfigured = variables.workApi !== undefined && variables.diretrix !== undefined;
  const counters = createEnrichmentMetrics(metrics.registry, {
    count: async () => service?.count(),
    countDead: async () => service?.countDeadLetters(),
    isUp: () => (isConfigured && !store.isOff ? service !== undefined : undefined),
  });
  const watched: RunObserver = { ...createObserver(counters, log), ...(reached && { reached }) };
  const observer = tracing ? traced(watched, tracing.runs) : watched;
  const lookUps = new Agent({ factory: (origin) => createUpstreamPool(String(origin), MAX_CONNECTIONS, CONNECTIONS) });
  const availability = (): Availability => availabilityOf(service, store, isConfigured);
  const unsigned = unsignedPushes(config);
  const warnUnsigned = unsignedWarning(unsigned, config, log);
  warnUnsigned();
  const pages = createEndpoints({
    availability,
    callerOf,
    isOpen: variables.enrichOpen,
    webhooks: webhookOptions(options, counters, unsigned),
    syncDeadline: () => settings().syncDeadlineMs,
    log,
    tracing,
    onAnswered: (endpoint, status) => counters.requests.inc({ endpoint, status: String(status) }),
  });
  return {
    availability,
    pages,
    attach(server) {
      if (!isConfigured) return log.info('enrichment: off; WORK_API_URL and DIRETRIX_BASE_URL are not set');
      store.whenReady('enrichment', async (opened) => {
        // Only now: the queue, the telephone numbers and the rest would be a third of a start without a database.
        const { startService } = await import('./start.ts');
        const sides = { variables, directToken, server, lookUps, tracing };
        const started = await startService({ ...sides, store: opened, settings, knownShare, observer, log });
        if (isStopping) return started.stop(0);
        service = started;
        log.info({ concurrency: settings().concurrency }, 'enrichment: ready');
      });
    },
    reloaded: warnUnsigned,
    async stop(deadline) {
      isStopping = true;
      await service?.stop(deadline);
      await lookUps.close();
    },
  };
}

function webhookOptions(
  { variables, config, log }: EnrichmentOptions,
  { pushes }: EnrichmentMetrics,
  unsigned: UnsignedPushes,
): WebhookOptions {
  const { webhookSecret: secret, googleKey, descriptionMaxLength: maxLength } = variables;
  const campaigns = readCampaigns(config().campaigns, log);
  return {
    secret,
    googleKey,
    unsigned,
    newLead: { campaigns, maxLength },
    answerWithinMs: () => config().webhooks.googleAds.answerWithin,
    onPush: (webhook, secret) => pushes.inc({ webhook, secret }),
  };
}

const unsignedPushes = (config: EnrichmentOptions['config']): UnsignedPushes =>
  new UnsignedPushes({
    settings: () => ({ untilMs: unsignedUntil(config()), perMinute: config().webhooks.c2s.unsignedPerMinute }),
    now: () => performance.now(),
    clock: Date.now,
  });

/** To be called at the start and whenever another table serves: warns once each time that one begins to allow such pushes. */
function unsignedWarning(unsigned: UnsignedPushes, config: EnrichmentOptions['config'], log: Logger): () => void {
  let isTold = false;
  return () => {
    if (unsigned.isOpen && !isTold) log.warn({ until: config().webhooks.c2s.acceptUnsignedUntil }, UNSIGNED);
    isTold = unsigned.isOpen;
  };
}

const UNSIGNED =
  'pushes of Contact2Sale are taken without the secret; register the URL with it: c2s-facade webhooks subscribe';

function availabilityOf(
  service: EnrichmentService | undefined,
  store: StoreHolder,
  isConfigured: boolean,
): Availability {
  if (!isConfigured) return { isOpen: false, problem: NOT_CONFIGURED };
  if (service) return { isOpen: true, service };
  if (store.isOff) return { isOpen: false, problem: NO_DATABASE };
  return { isOpen: false, problem: store.current ? NOT_STARTED : DATABASE_DOWN };
}

/** A mapping that cannot be read costs the leads their campaign's words, not their enrichment. */
function readCampaigns(file: string | undefined, log: Logger): Campaigns {
  const campaigns = new Campaigns(() => undefined);
  if (file === undefined) return campaigns;
  try {
    campaigns.replace(parseCampaigns(readTextSync(file)));
  } catch (error) {
    log.error({ err: error, file }, 'enrichment.campaigns cannot be read; leads of Google Ads get plain descriptions');
  }
  return campaigns;
}
