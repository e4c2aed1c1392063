import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Contact2Sale } from './contact2sale.ts';
import { createHandler, selfAnswers } from './handler.ts';
import { adsUnset } from './ads.ts';
import { createRouter } from './router.ts';
import { checkOptions, DEFAULTS } from './settings.ts';
import type { GatewayOptions } from './settings.ts';
import { Tokens } from './tokens.ts';
import { Upstream } from './upstream.ts';

export type { GatewayOptions } from './settings.ts';

export interface Gateway {
  /** `http://127.0.0.1:8001`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops listening, lets requests under way finish, closes every connection. */
  close(): Promise<void>;
}

/** Starts the gateway. Rejects when the options are unsafe (see {@link checkOptions}) or the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  checkOptions(options);
  const upstream = new Upstream({
    baseUrl: options.c2sBaseUrl,
    connectTimeout: options.connectTimeout ?? DEFAULTS.connectTimeout,
    deadline: options.deadline ?? DEFAULTS.deadline,
    maxInflight: options.maxInflight ?? DEFAULTS.maxInflight,
  });
  const tokens = new Tokens([options.c2sToken ?? []].flat());
  const server = createServer();
  const handler = createHandler({
    match: createRouter(),
    c2s: new Contact2Sale(upstream, tokens),
    own: { ...selfAnswers, 'leads.resolveSource': ({ requestId }) => adsUnset(requestId) },
    strict: options.strict ?? DEFAULTS.strict,
    maxBody: options.maxBody ?? DEFAULTS.maxBody,
    draining: () => !server.listening,
  });
  const host = options.host ?? DEFAULTS.host;
  server.on('request', handler);
  const port = await listen(server, host, options.port ?? DEFAULTS.port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    async close() {
      await closeServer(server);
      await upstream.close();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeIdleConnections();
  });
}
