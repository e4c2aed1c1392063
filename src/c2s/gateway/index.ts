import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Drain } from '../../http/drain.ts';
import { createListener, listen } from '../../http/listener.ts';
import { createLogs } from '../../http/log.ts';
import { RateBudget } from '../../http/rate-budget.ts';
import { createAdmin } from './admin.ts';
import { Contact2Sale } from './contact2sale.ts';
import { createDocs } from './docs-page.ts';
import { createHandler } from './handler.ts';
import { openLiveConfig } from './live-config.ts';
import { GatewayMetrics } from './metrics.ts';
import { ownAnswers } from './own-answers.ts';
import { Reshape } from './reshape.ts';
import { createRouter } from './router.ts';
import { checkOptions, DEFAULTS } from './settings.ts';
import type { GatewayOptions } from './settings.ts';
import { CrmClient } from './upstream.ts';

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
  reload(): Promise<void>;
  /**
   * Serves for `drainDelayMs`, stops listening, lets requests under way finish, closes every connection. May be called again.
   * @returns true when no request had to be cut off.
   */
  close(): Promise<boolean>;
}

/** Starts the gateway. Rejects when the options are unsafe (see {@link checkOptions}), a file is wrong or a port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  checkOptions(options);
  const { logs = createLogs('silent', { write: () => undefined }), ...settings } = { ...DEFAULTS, ...options };
  const metrics = new GatewayMetrics({
    inflight: () => upstream.inflight,
    tokenRefused: () => live.tokens.state === 'refused',
    droppedLogLines: logs.droppedLines,
  });
  const live = openLiveConfig(options, metrics, logs.log);
  const upstream = upstreamOf(options, options.c2sBaseUrl, metrics, true);
  const ads = adsOf(options, metrics);
  let isDraining = false;
  const draining = (): boolean => isDraining;
  const admin = options.admin && listenerOf(createAdmin({ metrics, ...live, draining }));
  const server = listenerOf(
    createHandler({
      match: createRouter(),
      docs: createDocs(options.version ?? '0.0.0'),
      callers: live.callers,
      c2s: new Contact2Sale(upstream, live.tokens, () => metrics.unauthorized()),
      own: ownAnswers({ campaigns: live.campaigns, ads, draining }),
      reshape: new Reshape(live.campaigns, settings.leadForm),
      metrics,
      strict: settings.strict,
      maxBodyBytes: settings.maxBodyBytes,
      logs,
      draining,
    }),
  );
  // Before they listen: a drain knows every connection.
  const drains = { public: new Drain(server), admin: admin && new Drain(admin) };
  const end = async (): Promise<boolean> => {
    isDraining = true;
    if (server.listening && settings.drainDelayMs > 0) await sleep(settings.drainDelayMs);
    live.close();
    const cut = await drains.public.run(settings.drainTimeoutMs);
    if (cut > 0) logs.log.warn({ connections: cut }, 'stopped before every answer had ended');
    await Promise.all([drains.admin?.run(settings.drainTimeoutMs), upstream.close(), ads?.close()]);
    return cut === 0;
  };
  let ended: Promise<boolean> | undefined;
  const close = (): Promise<boolean> => (ended ??= end());
  try {
    const url = await listen(server, settings.host, settings.port, 'GATEWAY_PORT');
    const adminUrl = admin && options.admin && (await listenAdmin(admin, options.admin));
    return { url, port: Number(new URL(url).port), adminUrl, reload: () => live.reload(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listenAdmin(
  server: Server,
  { host = '127.0.0.1', port }: NonNullable<GatewayOptions['admin']>,
): Promise<string> {
  return listen(server, host, port, 'GATEWAY_ADMIN_PORT');
}

/** Of callers and of machines alike. Neither takes an upgrade. */
function listenerOf(handle: (req: IncomingMessage, res: ServerResponse) => void): Server {
  return createListener({
    service: 'c2s-gateway',
    maxHeadBytes: MAX_HEAD_BYTES,
    keepAliveMs: KEEP_ALIVE_MS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    handle(req, res, expectsContinue) {
      if (expectsContinue) res.writeContinue();
      handle(req, res);
    },
  });
}

const MAX_HEAD_BYTES = 16_384;
/** Above the idle time of every known client pool, so that it is never this side that closes under a request. */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_TIMEOUT_MS = 30_000;

function adsOf(options: GatewayOptions, metrics: GatewayMetrics): CrmClient | undefined {
  const { adsGatewayUrl } = options;
  return adsGatewayUrl === undefined ? undefined : upstreamOf(options, adsGatewayUrl, metrics, false);
}

function upstreamOf(options: GatewayOptions, baseUrl: string, metrics: GatewayMetrics, budgeted: boolean): CrmClient {
  const { connectTimeoutMs, deadlineMs, maxInflight } = { ...DEFAULTS, ...options };
  const { rateBudget } = options;
  return new CrmClient({
    baseUrl,
    connectTimeoutMs,
    deadlineMs,
    maxInflight,
    budget: budgeted && rateBudget ? budgetOf(rateBudget) : undefined,
    onGranted: (waitedMs) => metrics.waited(waitedMs / 1_000),
    onAttempt: (result) => metrics.attempted(result),
  });
}

/** All callers share it: whoever passed the key check is known. */
function budgetOf(options: NonNullable<GatewayOptions['rateBudget']>): RateBudget {
  return new RateBudget({ ...options, burst: 0, knownShare: 1 }, () => performance.now());
}
