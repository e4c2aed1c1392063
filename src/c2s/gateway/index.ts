import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { createAdmin } from './admin.ts';
import { Contact2Sale } from './contact2sale.ts';
import { createDocs } from './docs-page.ts';
import { createHandler } from './handler.ts';
import { drain, listen, urlOf } from './listen.ts';
import { openLiveConfig } from './live-config.ts';
import { Metrics } from './metrics.ts';
import { ownAnswers } from './own-answers.ts';
import { RateBudget } from './rate-budget.ts';
import { Reshape } from './reshape.ts';
import { createRouter } from './router.ts';
import { checkOptions, DEFAULTS } from './settings.ts';
import type { GatewayOptions } from './settings.ts';
import { Upstream } from './upstream.ts';

export { GATEWAY_OPERATIONS } from './operations.ts';
export type { Operation, OperationId } from './operations.ts';
export type { GatewayOptions } from './settings.ts';

export interface Gateway {
  /** `http://127.0.0.1:8001`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Of the admin listener, when there is one. */
  readonly adminUrl: string | undefined;
  /** Reads tokens, caller keys and campaigns again (what SIGHUP does). */
  reload(): void;
  /** Serves for `drainDelay`, stops listening, lets requests under way finish, closes every connection. May be called again. */
  close(): Promise<void>;
}

/** Starts the gateway. Rejects when the options are unsafe (see {@link checkOptions}), a file is wrong or a port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  checkOptions(options);
  const settings = { ...DEFAULTS, ...options };
  const log = options.log ?? pino({ enabled: false });
  const metrics = new Metrics({
    inflight: () => upstream.inflight,
    tokenRefused: () => live.tokens.state === 'refused',
    droppedLogLines: options.droppedLogLines ?? (() => 0),
  });
  const live = openLiveConfig(options, metrics, log);
  const upstream = upstreamOf(options, options.c2sBaseUrl, metrics, true);
  const ads = adsOf(options, metrics);
  const server = createServer();
  let isDraining = false;
  const draining = (): boolean => isDraining;
  const admin = options.admin && createAdmin({ metrics, ...live, draining });
  server.on(
    'request',
    createHandler({
      match: createRouter(),
      docs: createDocs(options.version ?? '0.0.0'),
      callers: live.callers,
      c2s: new Contact2Sale(upstream, live.tokens, () => metrics.unauthorized()),
      own: ownAnswers({ campaigns: live.campaigns, ads, draining }),
      reshape: new Reshape(live.campaigns, settings.leadForm),
      metrics,
      strict: settings.strict,
      maxBody: settings.maxBody,
      log,
      draining,
    }),
  );
  const end = async (): Promise<void> => {
    isDraining = true;
    if (server.listening && settings.drainDelay > 0) await sleep(settings.drainDelay);
    live.close();
    await drain(server);
    await Promise.all([admin && drain(admin), upstream.close(), ads?.close()]);
  };
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => (ended ??= end());
  try {
    const port = await listen(server, settings.host, settings.port);
    const adminUrl = admin && options.admin && (await listenAdmin(admin, options.admin));
    return { url: urlOf(settings.host, port), port, adminUrl, reload: () => live.reload(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listenAdmin(
  server: Server,
  { host = '127.0.0.1', port }: NonNullable<GatewayOptions['admin']>,
): Promise<string> {
  return urlOf(host, await listen(server, host, port));
}

function adsOf(options: GatewayOptions, metrics: Metrics): Upstream | undefined {
  const { adsGatewayUrl } = options;
  return adsGatewayUrl === undefined ? undefined : upstreamOf(options, adsGatewayUrl, metrics, false);
}

function upstreamOf(options: GatewayOptions, baseUrl: string, metrics: Metrics, budgeted: boolean): Upstream {
  const { connectTimeout, deadline, maxInflight } = { ...DEFAULTS, ...options };
  const { rateBudget } = options;
  return new Upstream({
    baseUrl,
    connectTimeout,
    deadline,
    maxInflight,
    budget: budgeted && rateBudget ? new RateBudget(rateBudget, (seconds) => metrics.waited(seconds)) : undefined,
    onAttempt: (result) => metrics.attempted(result),
  });
}
