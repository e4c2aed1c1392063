import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A TCP proxy on loopback in front of a Postgres, for what a network does to a facade: it is slow, it forgets
 * connections, it drops every packet, it breaks, and it leads to another server.
 */
export interface StoreProxy {
  /** The connection string of the database, by way of the proxy. */
  readonly url: string;
  /** Connections that are open now. */
  readonly open: number;
  /** Each piece of bytes arrives so many milliseconds later, in either direction. */
  delay(ms: number): void;
  /** As a firewall does that forgot them: connections of now stay silent for ever, new ones pass. */
  forget(): void;
  /** Every packet is dropped, of new connections too (the kernel still accepts them); `pass` delivers what was sent. */
  silence(): void;
  /** Every connection is reset, and new ones are refused until `pass`. */
  cut(): Promise<void>;
  /** The end of `silence` and `cut`, and of a delay. */
  pass(): Promise<void>;
  /** Resolves when a client has sent bytes with this text, and they are on their way: before any answer comes. */
  sent(text: string): Promise<void>;
  /** New connections lead to this database's server; those of now are reset. */
  lead(databaseUrl: string): void;
  close(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  isForgotten: boolean;
}

export async function startStoreProxy(databaseUrl: string): Promise<StoreProxy> {
  let reach = reacherOf(databaseUrl);
  let delayMs = 0;
  let isSilent = false;
  const pairs = new Set<Pair>();
  const waiting: (() => void)[] = [];
  /** Delivers now, or when packets pass again. */
  const deliver = (pair: Pair, act: () => void): void => {
    if (pair.isForgotten) return;
    if (isSilent) waiting.push(() => deliver(pair, act));
    else act();
  };
  const later = (act: () => void): void => void (delayMs === 0 ? act() : setTimeout(act, delayMs));
  const awaited = new Map<string, () => void>();
  const hear = (bytes: Buffer): void => {
    for (const [text, resolve] of awaited) {
      if (!bytes.includes(text)) continue;
      awaited.delete(text);
      resolve();
    }
  };
  const carry = (pair: Pair, from: Socket, to: Socket): void => {
    from.on('data', (bytes: Buffer) => {
      later(() => deliver(pair, () => to.write(bytes)));
      if (from === pair.near) hear(bytes);
    });
    from.on('end', () => later(() => deliver(pair, () => to.end())));
    from.on('error', () => undefined);
    from.on('close', () => later(() => deliver(pair, () => to.destroy())));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = reach();
    const pair: Pair = { near, far, isForgotten: false };
    pairs.add(pair);
    carry(pair, near, far);
    carry(pair, far, near);
    near.once('close', () => pairs.delete(pair));
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => void server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const reset = (): void => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy();
      // What was sent before arrives.
      far.end();
    }
    pairs.clear();
  };
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    reset();
    await closed;
  };
  return {
    url: proxied(databaseUrl, port),
    get open() {
      return pairs.size;
    },
    delay: (ms) => void (delayMs = ms),
    forget: () => {
      for (const pair of pairs) pair.isForgotten = true;
    },
    silence: () => void (isSilent = true),
    cut,
    async pass() {
      delayMs = 0;
      isSilent = false;
      waiting.splice(0).forEach((act) => act());
      if (!server.listening) await listen(port);
    },
    sent: (text) => new Promise((resolve) => void awaited.set(text, resolve)),
    lead: (next) => {
      reach = reacherOf(next);
      reset();
    },
    async close() {
      if (server.listening) await cut();
    },
  };
}

/** How a connection string's server is reached: over its Unix socket, or by TCP. */
function reacherOf(databaseUrl: string): () => Socket {
  const url = new URL(databaseUrl);
  const host = url.searchParams.get('host') ?? url.hostname;
  const port = Number(url.port || url.searchParams.get('port') || 5432);
  const path = `${host}/.s.PGSQL.${port}`;
  return () =>
    host.startsWith('/') ? connect({ path, allowHalfOpen: true }) : connect({ port, host, allowHalfOpen: true });
}

function proxied(databaseUrl: string, port: number): string {
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.searchParams.delete('port');
  const auth = url.username === '' ? '' : `${url.username}:${url.password}@`;
  return `postgres://${auth}127.0.0.1:${port}${url.pathname}${url.search}`;
}
