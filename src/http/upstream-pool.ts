import { Client, Pool, type Dispatcher } from 'undici';
import { Carrier } from './carrier.ts';
import { connectorFor, type Connect } from './connect.ts';
import { UpstreamCall } from './upstream-call.ts';

/** The connections to one upstream; live requests, shadows and the gateway each have a pool, and all are alike. */

export interface ConnectionSettings {
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** A connection that is older serves no further request, so that a name that moved is followed under steady traffic. */
  readonly maxConnectionAgeMs: number;
}

/** Bytes of an answer's head. Larger ones fail; node's own limit would be 16 KiB. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Connections that were opened together end one after another: up to a fifth before their time. */
const AGE_STEPS = 10;
const AGE_SPREAD = 0.2;

/** @param origin of the base URL, without a path. @param connections at most. */
export function createUpstreamPool(origin: string, connections: number, settings: ConnectionSettings): Pool {
  const { keepAliveMs, connectTimeoutMs: connectMs, maxConnectionAgeMs } = settings;
  let opened = 0;
  const nextAge = (): number => maxConnectionAgeMs * (1 - (AGE_SPREAD * (opened++ % AGE_STEPS)) / AGE_STEPS);
  const connect = connectorFor(connectMs);
  return new Pool(origin, {
    connections,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    // A hint of the upstream may shorten it, never lengthen it.
    keepAliveMaxTimeout: keepAliveMs,
    // While HTTP/2 is possible, undici holds all requests back behind one handshake: one that hangs would hang them all,
    // and what was given up meanwhile would stay in its queue. With it, one connection would carry them all, too.
    allowH2: false,
    // Whoever asks keeps the deadlines, over all of a request.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEAD_BYTES,
    factory: (url, given) => new PooledClient(url, given, connect, nextAge),
  });
}

/** A client that tells each {@link UpstreamCall} by which connection it goes. */
class PooledClient extends Client {
  readonly #carrier: Carrier;

  constructor(origin: URL, options: Client.Options, connect: Connect, nextAge: () => number) {
    const carrier = new Carrier();
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, (...result) => {
          if (result[1]) carrier.adopt(result[1], nextAge());
          callback(...result);
        }),
    });
    this.#carrier = carrier;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler instanceof UpstreamCall) handler.carrier = this.#carrier;
    return super.dispatch(options, handler);
  }
}
