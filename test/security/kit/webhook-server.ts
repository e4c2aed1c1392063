import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import type { Availability } from '../../../src/c2s/enrichment/availability.ts';
import type { WebhookOptions } from '../../../src/c2s/enrichment/endpoint-kit.ts';
import { createEndpoints } from '../../../src/c2s/enrichment/endpoints.ts';
import type { EnrichmentService } from '../../../src/c2s/enrichment/service.ts';
import { UnsignedPushes, type UnsignedSettings } from '../../../src/c2s/enrichment/unsigned-pushes.ts';
import { Campaigns } from '../../../src/c2s/gateway/campaigns.ts';
import { createPages } from '../../../src/facade/forward/pages.ts';

/** The endpoints of the enrichment on a bare server, in front of a service that only counts. As a process: prints its port. */

export const SECRET = 'webhook-secret-of-the-bodies';

export interface WebhookServer {
  readonly url: string;
  /** What reached the service. */
  readonly kept: unknown[];
  close(): Promise<void>;
}

export interface WebhookServerOptions {
  readonly availability?: Availability;
  readonly webhookSecret?: string | undefined;
  readonly unsigned?: UnsignedSettings;
  readonly pushDeadlineMs?: number;
}

/** Without campaigns; of both webhooks the same secret. @param unsigned default: pushes without a secret are refused. */
export function webhookOptions(
  secret: string | undefined,
  unsigned: UnsignedSettings = { untilMs: undefined, perMinute: 1 },
): WebhookOptions {
  const campaigns = new Campaigns(() => undefined);
  return {
    secret,
    googleKey: secret,
    unsigned: new UnsignedPushes({ settings: () => unsigned, now: () => performance.now(), clock: Date.now }),
    newLead: { campaigns, maxLength: 5_000 },
    answerWithinMs: () => 1_000,
    onPush: () => undefined,
  };
}

export async function startWebhooks(options: WebhookServerOptions = {}): Promise<WebhookServer> {
  const kept: unknown[] = [];
  const service = {
    push: (events: readonly unknown[]) => {
      kept.push(...events);
      return Promise.resolve({ processed: events.length, duplicates: 0 });
    },
    pushNewLead: (leadId: string) => Promise.resolve({ isNew: kept.push(leadId) > 0, id: 'enrichment-1' }),
    createdLead: () => Promise.resolve({ kind: 'created', leadId: 'lead-1' }),
  } as unknown as EnrichmentService;
  const { availability = { isOpen: true, service }, pushDeadlineMs } = options;
  const log = pino({ enabled: false });
  const endpoints = createEndpoints({
    onAnswered: () => undefined,
    availability: () => availability,
    callerOf: () => undefined,
    isOpen: false,
    webhooks: {
      ...webhookOptions('webhookSecret' in options ? options.webhookSecret : SECRET, options.unsigned),
      ...(pushDeadlineMs !== undefined && { bodyDeadlineMs: pushDeadlineMs }),
    },
    syncDeadline: () => 1_000,
    log,
  });
  const pages = createPages(() => false, log, [endpoints]);
  const server = createServer((req, res) => pages.serve(req, res, false));
  server.on('checkContinue', (req, res) => pages.serve(req, res, true));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, kept, close: () => end(server) };
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await startWebhooks();
  process.stdout.write(`${url}\n`);
  // Whoever started it has gone.
  process.stdin.resume().on('end', () => process.exit(0));
}
