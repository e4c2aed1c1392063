import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import type { InboundRequest, ExchangeContext } from './exchange.ts';
import type { RuntimeSnapshot } from './runtime-snapshot.ts';
import { Tunnel } from './tunnel.ts';
import type { Upstream } from './upstream.ts';

type Middleware = ReturnType<typeof createProxyMiddleware>;

/** All tunnels, and the middleware that connects them and moves their bytes. */
export class Tunnels {
  readonly #context: ExchangeContext;
  readonly #open = new Set<Tunnel>();
  readonly #byRequest = new WeakMap<IncomingMessage, Tunnel>();
  readonly #middlewares = new WeakMap<Upstream, Middleware>();
  #isEnding = false;

  constructor(context: ExchangeContext) {
    this.#context = context;
  }

  /** @param socket node has given it away: nothing but the tunnel reads it, writes it or ends it. */
  begin(snapshot: RuntimeSnapshot, asked: InboundRequest, socket: Socket, head: Buffer): void {
    const connect = (): void => void this.#middleware(snapshot.upstreams.direct).upgrade(asked.req, socket, head);
    const tunnel = new Tunnel(this.#context, snapshot, asked, socket, connect);
    this.#byRequest.set(asked.req, tunnel);
    this.#open.add(tunnel);
    socket.once('close', () => this.#open.delete(tunnel));
    if (this.#isEnding) tunnel.end();
    tunnel.begin();
  }

  /** From now on none stays open. @returns how many were. */
  end(): number {
    this.#isEnding = true;
    const open = [...this.#open].filter(({ isOpen }) => isOpen).length;
    for (const tunnel of this.#open) tunnel.end();
    return open;
  }

  /** Ends all that are still open. */
  close(): void {
    for (const tunnel of this.#open) tunnel.destroy();
  }

  #middleware(upstream: Upstream): Middleware {
    let middleware = this.#middlewares.get(upstream);
    if (!middleware) this.#middlewares.set(upstream, (middleware = this.#create(upstream)));
    return middleware;
  }

  #create({ origin, settings }: Upstream): Middleware {
    // Of an IPv4 and an IPv6 address each gets its half; node would give the first 250 ms (http/connect.ts).
    const connecting = { autoSelectFamilyAttemptTimeout: Math.max(10, Math.floor(settings.connectTimeoutMs / 2)) };
    return createProxyMiddleware({
      target: settings.url,
      // It keeps nothing: each tunnel has a connection of its own.
      agent: origin.startsWith('https:') ? new HttpsAgent(connecting) : new HttpAgent(connecting),
      changeOrigin: true,
      // The raw target, origin removed; the middleware would decode nothing, but take an absolute form for a path.
      pathRewrite: (_path, req) => this.#byRequest.get(req)?.target,
      // Its plug-ins answer errors with texts and codes of their own and log whole URLs. One of them is what would
      // subscribe the handlers of `on`, so they are subscribed here.
      ejectPlugins: true,
      plugins: [(proxy) => this.#subscribe(proxy)],
    });
  }

  #subscribe(proxy: Parameters<Plugin>[0]): void {
    proxy.on('proxyReqWs', (proxyReq, req) => this.#byRequest.get(req)?.sends(proxyReq));
    proxy.on('error', (_error, req) => req && this.#byRequest.get(req)?.breaks());
  }
}
