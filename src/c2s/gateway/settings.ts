import type { Logger } from 'pino';
import type { LeadForm } from './reshape.ts';

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
  /** The token of Contact2Sale; of several the first is used, and the next when it is refused. */
  readonly c2sToken?: string | readonly string[];
  /** A file of tokens, one a line, watched; instead of `c2sToken`. */
  readonly c2sTokenFile?: string;
  /** None, and no file: open, and then only on a loopback address. */
  readonly callers?: readonly CallerKey[];
  /** A file of caller keys (config/gateway-callers.schema.json), watched; instead of `callers`. */
  readonly callersFile?: string;
  /** The campaign mapping (config/campaigns.schema.json), watched. Unset: every campaign is unmapped. */
  readonly campaignsFile?: string;
  /** Where GET /leads/resolve-source is asked. Unset: 503. */
  readonly adsGatewayUrl?: string;
  /** Refuse fields and query names that the schema does not list, instead of sending them on. */
  readonly strict?: boolean;
  /** In which form new leads reach Contact2Sale: `flat` as the Python gateway sent them, or `jsonapi`. */
  readonly leadForm?: LeadForm;
  /** Milliseconds for connecting. Nothing was sent when it passes. */
  readonly connectTimeout?: number;
  /** Milliseconds for a whole request, all attempts included. */
  readonly deadline?: number;
  /** Requests under way at Contact2Sale at once; one more is answered 503. */
  readonly maxInflight?: number;
  /** Unset: Contact2Sale's own 429 is the only limit. */
  readonly rateBudget?: RateBudget;
  /** Bytes of the largest body. */
  readonly maxBody?: number;
  /** /healthz, /readyz and /metrics. Unset: no such listener. */
  readonly admin?: { readonly host?: string; readonly port: number };
  /** Milliseconds for which close() still serves while health checks say 503, so that load balancers turn away. */
  readonly drainDelay?: number;
  /** Default: silent. */
  readonly log?: Logger;
  /** Lines of `log` that were dropped so far, for gateway_log_dropped_total. Unset: none ever is. */
  readonly droppedLogLines?: () => number;
  /** Milliseconds between looks at the watched files. */
  readonly watchInterval?: number;
  /** Shown in the OpenAPI document. */
  readonly version?: string;
}

export const DEFAULTS = {
  host: '127.0.0.1',
  port: 8001,
  strict: false,
  leadForm: 'flat',
  connectTimeout: 2_000,
  // Below the facade's 25 s, which is below the 30 s at which known callers give up: each layer answers before the one above stops listening.
  deadline: 20_000,
  maxInflight: 128,
  watchInterval: 1_000,
  drainDelay: 0,
  maxBody: 1_048_576,
  maxAnswer: 16_777_216,
  /** Under the 5 s at which a uvicorn-like upstream closes; most others keep idle connections longer. */
  keepAlive: 4_000,
  /** A busy connection would otherwise never end, and an upstream whose name moved never be followed. */
  maxConnectionAge: 60_000,
} as const;

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Throws when the options would let strangers use the token, or when the upstream is not an http(s) address. */
export function checkOptions(options: GatewayOptions): void {
  const host = options.host ?? DEFAULTS.host;
  if (!options.callers?.length && options.callersFile === undefined && !LOOPBACK.test(host)) {
    throw new Error(
      `The gateway has no caller keys, so whoever reaches it acts with the Contact2Sale token: it listens on loopback only, not on ${host}. Configure caller keys, or bind 127.0.0.1.`,
    );
  }
  for (const name of ['c2sBaseUrl', 'adsGatewayUrl'] as const) {
    if (options[name] !== undefined && !isHttp(options[name])) {
      throw new Error(`${name} must be an http:// or https:// address.`);
    }
  }
  if (options.c2sToken !== undefined && options.c2sTokenFile !== undefined) {
    throw new Error('Give the Contact2Sale token or a token file, not both: only one of them could be rotated.');
  }
}

const isHttp = (address: string): boolean => /^https?:$/.test(URL.parse(address)?.protocol ?? '');
