import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { port, upstream } from './settings.ts';

/**
 * The floor: the least that an honest reverse proxy does on node:http and undici. It streams both ways with
 * backpressure, keeps raw header names, drops hop-by-hop headers, aborts when the caller leaves, answers 502. No
 * routes, no deadlines, no metrics. Whatever a facade costs beyond this is the price of its features.
 */

const HOP_BY_HOP = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

const pool = new Pool(upstream, { pipelining: 1, connections: 256 });

function requestHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const lower = name.toLowerCase();
    if (lower !== 'host' && !HOP_BY_HOP.has(lower)) kept.push(name, raw[i + 1] as string);
  }
  return kept;
}

function answerHeaders(raw: readonly Buffer[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1');
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, (raw[i + 1] as Buffer).toString('latin1'));
  }
  return kept;
}

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('close', () => {
      if (!response.writableFinished) this.#controller?.abort(new Error('the caller left'));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#response.destroyed) controller.abort(new Error('the caller left'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status >= 200) this.#response.writeHead(status, answerHeaders(controller.rawHeaders as Buffer[]));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

function bodyOf(request: IncomingMessage): IncomingMessage | null {
  const { headers } = request;
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined ? request : null;
}

createServer((request, response) => {
  pool.dispatch(
    {
      path: request.url as string,
      method: request.method as Dispatcher.HttpMethod,
      headers: requestHeaders(request.rawHeaders),
      body: bodyOf(request),
    },
    new Forwarding(response),
  );
}).listen(port, '127.0.0.1');
