import type { Logs } from '../../http/log.ts';
import { isLoopback } from '../../http/loopback.ts';
import type { LeadForm } from './reshape.ts';

/** What a gateway is started with. Defaults stand here, each with its reason. Nothing here reads the environment. */

export interface CallerKey {
  readonly name: string;
  /** Hex SHA-256 of the key: the config can be read without learning it. */
  readonly sha256: string;
  readonly access: 'read' | 'full';
}

/** What Contact2Sale grants us, spent here before it is refused there: its 429 costs a request and, on some accounts, minutes. */
interface RateBudgetOptions {
  /** Requests granted in each period. */
  readonly requests: number;
  readonly periodMs: number;
  /** That a request may wait for its turn; beyond, 503 with Retry-After. */
  readonly maxWaitMs: number;
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
  /** Nothing was sent when it passes. */
  readonly connectTimeoutMs?: number;
  /** Of a whole request, all attempts included. */
  readonly deadlineMs?: number;
  /** Requests under way at Contact2Sale at once; one more is answered 503. */
  readonly maxInflight?: number;
  /** Unset: Contact2Sale's own 429 is the only limit. */
  readonly rateBudget?: RateBudgetOptions;
  readonly maxBodyBytes?: number;
  /** /healthz, /readyz and /metrics. Unset: no such listener. */
  readonly admin?: { readonly host?: string; readonly port: number };
  /** For so long close() still serves while health checks say 503, so that load balancers turn away. */
  readonly drainDelayMs?: number;
  /** After the delay, for requests under way; then they are cut off. */
  readonly drainTimeoutMs?: number;
  /** Default: silent. */
  readonly logs?: Logs;
  /** Between two reads of a watched file where no event tells of a change. */
  readonly watchIntervalMs?: number;
  /** Shown in the OpenAPI document. */
  readonly version?: string;
}

export const DEFAULTS = {
  host: '127.0.0.1',
  port: 8001,
  strict: false,
  leadForm: 'flat',
  connectTimeoutMs: 2_000,
  // Below the facade's 25 s, which is below the 30 s at which known callers give up: each layer answers before the one above stops listening.
  deadlineMs: 20_000,
  maxInflight: 128,
  watchIntervalMs: 1_000,
  drainDelayMs: 0,
  // Above the deadline of a request, and below main.ts's time limit of the stop.
  drainTimeoutMs: 22_000,
  maxBodyBytes: 1_048_576,
  maxAnswerBytes: 16_777_216,
  /** Under the 5 s at which a uvicorn-like upstream closes; most others keep idle connections longer. */
  keepAliveMs: 4_000,
  /** A busy connection would otherwise never end, and an upstream whose name moved never be followed. */
  maxConnectionAgeMs: 60_000,
} as const;

/** Throws when the options would let strangers use the token, or when the upstream is not an http(s) address. */
export function checkOptions(options: GatewayOptions): void {
  const host = options.host ?? DEFAULTS.host;
  if (!options.callers?.length && options.callersFile === undefined && !isLoopback(host)) {
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
