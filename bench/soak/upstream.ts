import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One side, that can be restarted on its port and told to fail, and knows which writes it was sent. */
export class SoakUpstream {
  readonly name: string;
  #server: Server | undefined;
  #port = 0;
  isFailing = false;
  /** By the number in the text of the message: how often it arrived. */
  readonly writes = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer({ keepAliveTimeout: 5_000 }, (req, res) => void this.#answer(req, res));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** As a crash is: what is under way is cut. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return; // It was cut.
    }
    const number = /soak-(\w+)/.exec(Buffer.concat(chunks).toString())?.[1];
    if (number !== undefined) this.writes.set(number, (this.writes.get(number) ?? 0) + 1);
    res.writeHead(this.isFailing ? 500 : 200, { 'content-type': 'application/json' });
    res.end(this.isFailing ? '{"oops":"planned"}' : `{"data":{"id":"1","from":"${this.name}"}}`);
  }
}
