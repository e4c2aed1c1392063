import { startContact2Sale } from './contact2sale.ts';
import type { SandboxContact2Sale } from './contact2sale.ts';
import { startDiretrix } from './diretrix.ts';
import type { StandIn } from './stand-in.ts';
import { startWorkApi } from './work-api.ts';

/** Ports to listen on; left out: free ones that the system picks. */
interface SandboxPorts {
  readonly c2s?: number;
  readonly workApi?: number;
  readonly diretrix?: number;
}

/** The three stand-ins, and the settings with which they are reached. */
export interface Sandbox {
  readonly c2s: { readonly url: string; readonly token: string; readonly standIn: SandboxContact2Sale };
  readonly workApi: { readonly url: string; readonly key: string; readonly standIn: StandIn };
  readonly diretrix: { readonly url: string; readonly user: string; readonly pass: string; readonly standIn: StandIn };
  close(): Promise<void>;
}

/** Not secrets: they open nothing but invented data on loopback. */
const TOKEN = 'sandbox-c2s-token';
const KEY = 'sandbox-work-api-key';
const USER = 'sandbox';
const PASS = 'sandbox-diretrix-pass';

/** Starts all three. When one cannot listen, those that could are closed again before the error is thrown. */
export async function startSandbox(ports: SandboxPorts = {}): Promise<Sandbox> {
  const started: StandIn[] = [];
  const close = async () => void (await Promise.all(started.map((standIn) => standIn.close())));
  const keep = <T extends StandIn>(standIn: T): T => {
    started.push(standIn);
    return standIn;
  };
  try {
    const c2s = keep(await startContact2Sale({ port: ports.c2s, token: TOKEN }));
    const workApi = keep(await startWorkApi({ port: ports.workApi, key: KEY }));
    const diretrix = keep(await startDiretrix({ port: ports.diretrix, user: USER, pass: PASS }));
    return {
      c2s: { url: c2s.url, token: TOKEN, standIn: c2s },
      workApi: { url: workApi.url, key: KEY, standIn: workApi },
      diretrix: { url: diretrix.url, user: USER, pass: PASS, standIn: diretrix },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
