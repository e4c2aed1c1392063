import type { Server } from 'node:http';
import type { Agent } from 'undici';
import type { Tracing } from '../../facade/observe/tracing/trace.ts';
import { Sealer } from '../../facade/store/seal.ts';
import { createDiretrix } from './diretrix.ts';
import { createFacadeClient } from './facade-client.ts';
import { localAgent } from './local-connection.ts';
import { Marks } from './marker.ts';
import { EnrichmentService, type ServiceOptions } from './service.ts';
import type { EnrichmentVariables } from './variables.ts';
import { createWorkApi } from './work-api.ts';

/** Starts the enrichment with the clients of the APIs that it asks: Contact2Sale through the facade itself, Diretrix, Work API. */

export interface StartServiceOptions extends Pick<
  ServiceOptions,
  'store' | 'settings' | 'knownShare' | 'observer' | 'log'
> {
  readonly variables: EnrichmentVariables;
  readonly directToken: string | undefined;
  /** The public listener, through which leads are reached. */
  readonly server: Server;
  readonly lookUps: Agent;
  readonly tracing: Tracing | undefined;
}

/** For a call through the facade: above its own total deadline, which then answers first. */
const FACADE_TIMEOUT_MS = 45_000;

export function startService(options: StartServiceOptions): Promise<EnrichmentService> {
  const { directToken, server, lookUps: dispatcher, store, settings, knownShare, observer, log, tracing } = options;
  const { workApi, diretrix, dataKeys } = options.variables;
  if (!workApi || !diretrix || directToken === undefined)
    throw new Error('the environment was checked for these before');
  const { concurrency, diretrixDeadlineMs, workApiDeadlineMs } = settings();
  const agent = localAgent(server, concurrency);
  const { url, ...credentials } = diretrix;
  return EnrichmentService.start({
    facade: createFacadeClient({ agent, token: directToken, deadlineMs: FACADE_TIMEOUT_MS, traces: tracing?.runs }),
    diretrix: createDiretrix({ baseUrl: url, ...credentials, deadlineMs: diretrixDeadlineMs, dispatcher }),
    workApi: createWorkApi({ baseUrl: workApi.url, key: workApi.key, deadlineMs: workApiDeadlineMs, dispatcher }),
    marks: new Marks(directToken),
    sealer: dataKeys.length > 0 ? new Sealer(dataKeys) : undefined,
    store,
    settings,
    knownShare,
    observer,
    log,
  });
}
