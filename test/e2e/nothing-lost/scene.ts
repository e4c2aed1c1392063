import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pydantic } from '../kit/python-gateway/coercion.ts';
import { startPythonGateway, type CrmAnswer } from '../kit/python-gateway/gateway.ts';
import { FACADE_TOKEN, setAll, setRoute, startFacade, type TestFacade } from '../kit/facade.ts';
import type { Case } from './cases.ts';
import type { Asked } from './meaning.ts';

/** A real facade before a double of the Python gateway, and one Contact2Sale behind both that takes everything. */
export interface Scene {
  readonly facade: TestFacade;
  /** Whatever Contact2Sale is asked, it answers this. */
  crm: CrmAnswer;
  ask(asked: Pick<Case, 'method' | 'target' | 'headers' | 'body' | 'framing'>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly path: string | undefined;
  readonly body: Buffer;
  /** What Contact2Sale was asked meanwhile, by either path. */
  readonly arrived: readonly Asked[];
}

export interface Setting {
  readonly pydantic: Pydantic;
  /** Percentage of every row. */
  readonly gateway: 0 | 100;
  readonly fallback: 'direct' | 'none';
}

export async function startScene({ pydantic, gateway: percentage, fallback }: Setting): Promise<Scene> {
  let arrived: Asked[] = [];
  const scene = { crm: { status: 200, body: Buffer.from('{"data":{}}') } as CrmAnswer };
  const direct = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url: target = '', headers } = req;
      const { 'content-type': contentType, 'content-encoding': contentEncoding } = headers;
      arrived.push({ method, target, contentType, contentEncoding, body: Buffer.concat(chunks) });
      res.writeHead(scene.crm.status, { 'content-type': 'application/json' }).end(scene.crm.body);
    });
  });
  await new Promise<void>((listening) => direct.listen(0, '127.0.0.1', listening));
  const gateway = await startPythonGateway(pydantic, ({ method, target, body = '' }) => {
    const contentType = 'application/json';
    arrived.push({ method, target, contentType, contentEncoding: undefined, body: Buffer.from(body) });
    return scene.crm;
  });
  const facade = await startFacade({
    direct: `http://127.0.0.1:${(direct.address() as AddressInfo).port}`,
    gateway: gateway.url,
    logLevel: 'warn',
    edit(config) {
      setAll(config, percentage);
      const { routes } = config.toJS() as { routes: { id: string; direct?: unknown; gateway?: unknown }[] };
      // What is served wrong shall be seen, and not be stopped by it.
      config.setIn(['defaults', 'breaker', 'enabled'], false);
      routes.forEach((row, at) => {
        config.deleteIn(['routes', at, 'verify']);
        if (row.direct && row.gateway) config.setIn(['routes', at, 'rollout', 'fallback'], fallback);
        else if (row.gateway) setRoute(config, row.id, ['rollout', 'gateway'], percentage);
      });
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { hostname: host, port } = new URL(facade.url);
  const ask = ({ method, target: path, headers, body, framing }: Parameters<Scene['ask']>[0]): Promise<Answer> => {
    arrived = [];
    const sent = { authorization: `Bearer ${FACADE_TOKEN}`, ...headers, ...framingHeaders(framing, body) };
    return new Promise((resolve, reject) => {
      const req = request({ host, port, method, path, headers: sent, agent }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () => {
          const { 'content-type': type = '', 'x-facade-path': served } = res.headers;
          const status = res.statusCode ?? 0;
          resolve({ status, type, path: served as string | undefined, body: Buffer.concat(chunks), arrived });
        });
      });
      req.on('error', reject);
      if (framing === 'continue') {
        req.on('continue', () => req.end(body));
        req.flushHeaders();
      } else req.end(body);
    });
  };
  return Object.assign(scene, {
    facade,
    ask,
    async close() {
      agent.destroy();
      await facade.stop();
      await gateway.close();
      direct.close();
      direct.closeAllConnections();
    },
  });
}

function framingHeaders(framing: Case['framing'], body: Buffer | undefined): Record<string, string> {
  if (body === undefined) return {};
  if (framing === 'chunked') return { 'transfer-encoding': 'chunked' };
  const length = { 'content-length': String(body.length) };
  return framing === 'continue' ? { ...length, expect: '100-continue' } : length;
}
