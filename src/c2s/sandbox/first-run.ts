import { createServer, type Server } from 'node:http';
import { listen } from '../../http/listener.ts';
import { startGateway, type Gateway } from '../gateway/index.ts';
import { startSandbox } from './sandbox.ts';
import { startFaultyOnward } from './faulty-onward.ts';
import { SEED_LEAD_IDS } from './seed.ts';
import { startTraffic, TRAFFIC_CALLERS, type Traffic } from './traffic.ts';

/**
 * The first run: where no Contact2Sale is configured, all of it on loopback. The stand-ins, and in front of the CRM's
 * the real gateway of this project; and a control port on which the gateway can be killed and brought back, so that a
 * newcomer can see what the facade does then.
 */
export interface FirstRun {
  /** The environment of a facade on top of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly controlUrl: string;
  /** A lead that exists. */
  readonly leadId: string;
  /** Of a known caller. */
  readonly callerToken: string;
  /** Sends what the callers of a company ask, through the facade at `url`, until the sandbox is closed or it is stopped. */
  startTraffic(url: string): Promise<Traffic>;
  stopTraffic(): Promise<void>;
  close(): Promise<void>;
}

/** Not secrets: they open nothing but invented data on loopback. */
const CALLER_TOKEN = 'sandbox-caller-token';

/** @param hasTraffic there will be traffic: the gateway is then a little slower, and wrong on one route. */
export async function startFirstRun(hasTraffic = false): Promise<FirstRun> {
  const sandbox = await startSandbox();
  const onward = hasTraffic ? await startFaultyOnward(sandbox.c2s.url, Math.random) : undefined;
  const switched = new SwitchedGateway({ c2sBaseUrl: onward?.url ?? sandbox.c2s.url, c2sToken: sandbox.c2s.token });
  const gatewayUrl = await switched.start();
  const control = createControl(switched);
  let traffic: Traffic | undefined;
  const controlUrl = await listen(control, '127.0.0.1', 0, 'the control port');
  return {
    environment: {
      C2S_BASE_URL: sandbox.c2s.url,
      C2S_TOKEN: sandbox.c2s.token,
      C2S_GATEWAY_URL: gatewayUrl,
      FACADE_TOKENS: [CALLER_TOKEN, ...(hasTraffic ? TRAFFIC_CALLERS.map(({ token }) => token) : [])].join(','),
      WORK_API_URL: sandbox.workApi.url,
      WORK_API_KEY: sandbox.workApi.key,
      // Its former names, which would be another key.
      WORK_API: '',
      WORKER_API_KEY: '',
      DIRETRIX_BASE_URL: sandbox.diretrix.url,
      DIRETRIX_USER: sandbox.diretrix.user,
      DIRETRIX_PASS: sandbox.diretrix.pass,
    },
    controlUrl,
    leadId: SEED_LEAD_IDS[0] as string,
    callerToken: CALLER_TOKEN,
    stopTraffic: async () => traffic?.stop(),
    startTraffic: async (url) => (traffic = await startTraffic({ url, c2s: sandbox.c2s })),
    async close() {
      await traffic?.stop();
      control.close();
      control.closeAllConnections();
      await switched.stop();
      onward?.close();
      await sandbox.close();
    },
  };
}

/** A gateway that can be killed and brought back on the same port. */
class SwitchedGateway {
  readonly #options: { readonly c2sBaseUrl: string; readonly c2sToken: string };
  #gateway: Gateway | undefined;
  #port = 0;

  constructor(options: { readonly c2sBaseUrl: string; readonly c2sToken: string }) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#gateway !== undefined;
  }

  async start(): Promise<string> {
    this.#gateway ??= await startGateway({ ...this.#options, port: this.#port });
    this.#port = this.#gateway.port;
    return this.#gateway.url;
  }

  async stop(): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    await gateway?.close();
  }
}

/** DELETE /gateway kills it, PUT /gateway brings it back. */
function createControl(gateway: SwitchedGateway): Server {
  return createServer((req, res) => {
    const change = req.method === 'DELETE' ? gateway.stop() : req.method === 'PUT' ? gateway.start() : undefined;
    if (!change || req.url !== '/gateway') {
      res.writeHead(404).end('PUT or DELETE /gateway\n');
      return;
    }
    change.then(
      () => res.writeHead(200).end(`the sandbox's gateway is ${gateway.isRunning ? 'up' : 'down'}\n`),
      (error: unknown) => res.writeHead(500).end(`${String(error)}\n`),
    );
  });
}
