/** What a gateway is started with. Defaults stand here, each with its reason. Nothing here reads the environment. */

export interface CallerKey {
  readonly name: string;
  /** Hex SHA-256 of the key: the config can be read without learning it. */
  readonly sha256: string;
  readonly access: 'read' | 'full';
}

export interface RateBudget {
  /** Requests granted in each period. */
  readonly requests: number;
  /** Milliseconds. */
  readonly period: number;
  /** Milliseconds that a request may wait for its turn; beyond, 503 with Retry-After. */
  readonly longestWait: number;
}

export interface GatewayOptions {
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly c2sBaseUrl: string;
  /** The token of Contact2Sale; of several the first is used and the next when it is refused. */
  readonly c2sToken?: string | readonly string[];
  /** None: open, and then only on a loopback address. */
  readonly callers?: readonly CallerKey[];
  /** Refuse body fields that the schema does not list, instead of sending them on. */
  readonly strict?: boolean;
  /** Milliseconds for connecting. Nothing was sent when it passes. */
  readonly connectTimeout?: number;
  /** Milliseconds for a whole request, all attempts included. */
  readonly deadline?: number;
  /** Requests under way at Contact2Sale at once; one more is answered 503. */
  readonly maxInflight?: number;
  readonly rateBudget?: RateBudget;
  /** Bytes. */
  readonly maxBody?: number;
}

export const DEFAULTS = {
  host: '127.0.0.1',
  port: 8001,
  strict: false,
  connectTimeout: 2_000,
  // Below the facade's 25 s, which is below the 30 s at which known callers give up: each layer answers before the one above stops listening.
  deadline: 20_000,
  maxInflight: 128,
  maxBody: 1_048_576,
  maxAnswer: 16_777_216,
  /** Under the 5 s at which a uvicorn-like upstream closes; most others keep idle connections longer. */
  keepAlive: 4_000,
} as const;

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Throws when the options would let strangers use the token, or when the upstream is not an http(s) address. */
export function checkOptions(options: GatewayOptions): void {
  const host = options.host ?? DEFAULTS.host;
  if (!options.callers?.length && !LOOPBACK.test(host)) {
    throw new Error(
      `The gateway has no caller keys, so whoever reaches it acts with the Contact2Sale token: it listens on loopback only, not on ${host}. Configure caller keys, or bind 127.0.0.1.`,
    );
  }
  const url = URL.parse(options.c2sBaseUrl);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error('c2sBaseUrl must be an http:// or https:// address.');
  }
}
