import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Path } from '../rollout/route.ts';

/**
 * `x-facade-force`: the path that a known caller asks for, where the table has `server.forceHeader`. Without
 * FORCE_HEADER_SECRET every known caller may write `direct` or `gateway`. With it the header counts only as
 * `c2s-facade force-header` prints it:
 *
 *     gateway; route=leads.get; caller=3f0c9a1b2d4e; t=1764518946; until=1764522546; v1=<hex>
 *
 * The signature (HMAC-SHA256) is over all that stands before it, so that path, route, caller and times hold together.
 * At least one of route and caller is named: a header that leaks is then of use to one caller, or on one route.
 *
 * A header that does not count is ignored, and the table decides: a pilot customer whose header ran out must not see
 * requests fail. The answer's `x-facade-path` says what served, and `c2s-facade explain` says why the header did not.
 */

export const FORCE_HEADER = 'x-facade-force';
/** A header that is good for longer would be a row of the table (`callers`). */
export const MAX_FORCE_MS = 30 * 86_400_000;
/** By so much the clock of the machine that signs may be ahead. */
const CLOCK_SKEW_MS = 60_000;

export interface ForceGrant {
  readonly path: Path;
  /** Undefined: every route. */
  readonly route: string | undefined;
  /** Id of the only caller that may use it; undefined: every known one. */
  readonly caller: string | undefined;
  /** Milliseconds since 1970; written in whole seconds. */
  readonly from: number;
  /** Milliseconds since 1970, itself excluded. */
  readonly until: number;
}

/** Why a header that was sent does not count. */
export type ForceRefusal =
  | 'server.forceHeader is off'
  | 'of an unknown caller'
  | 'neither direct nor gateway'
  | 'not signed'
  | 'wrong signature'
  | 'of another route'
  | 'of another caller'
  | 'not valid yet'
  | 'expired'
  | 'valid for more than 30 days';

export type ForceVerdict = Path | { readonly ignored: ForceRefusal };

/** The request that the header came with. */
interface ForcedRequest {
  readonly route: string;
  readonly caller: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Path, route, caller, t, until, signature. */
const SIGNED =
  /^(direct|gateway)(?:; route=([A-Za-z0-9.]{1,100}))?(?:; caller=([0-9a-f]{12}))?; t=(\d{10}); until=(\d{10}); v1=([0-9a-f]{64})$/;

/** The value of the header, to be sent as it is. @param secret FORCE_HEADER_SECRET */
export function signForce({ path, route, caller, from, until }: ForceGrant, secret: string): string {
  const bound = [route === undefined ? '' : `; route=${route}`, caller === undefined ? '' : `; caller=${caller}`];
  const text = `${path}${bound.join('')}; t=${seconds(from)}; until=${seconds(until)}`;
  return `${text}; v1=${hmacOf(text, secret).toString('hex')}`;
}

/** What the header asks for, or why it does not count. @param value as sent @param secret undefined: none is asked for */
export function judgeForce(
  value: string | readonly string[],
  secret: string | undefined,
  request: ForcedRequest,
): ForceVerdict {
  const isPlain = value === 'direct' || value === 'gateway';
  if (secret === undefined) return isPlain ? value : { ignored: 'neither direct nor gateway' };
  const parts = typeof value === 'string' ? SIGNED.exec(value) : null;
  if (!parts) return { ignored: isPlain ? 'not signed' : 'neither direct nor gateway' };
  const [whole, path, route, caller, from, until, signature] = parts as unknown as SignedParts;
  const text = whole.slice(0, -SIGNATURE_LENGTH);
  if (!timingSafeEqual(hmacOf(text, secret), Buffer.from(signature, 'hex'))) return { ignored: 'wrong signature' };
  const ignored = misfit({ route, caller, from: Number(from) * 1_000, until: Number(until) * 1_000 }, request);
  return ignored === undefined ? path : { ignored };
}

type SignedParts = readonly [string, Path, string | undefined, string | undefined, string, string, string];

/** Of a header whose signature is right. */
function misfit(grant: Omit<ForceGrant, 'path'>, { route, caller, at }: ForcedRequest): ForceRefusal | undefined {
  // Nothing of ours prints such a header.
  if (grant.route === undefined && grant.caller === undefined) return 'of another caller';
  if (grant.route !== undefined && grant.route !== route) return 'of another route';
  if (grant.caller !== undefined && grant.caller !== caller) return 'of another caller';
  if (at >= grant.until) return 'expired';
  if (grant.from > at + CLOCK_SKEW_MS) return 'not valid yet';
  return grant.until - grant.from > MAX_FORCE_MS ? 'valid for more than 30 days' : undefined;
}

const SIGNATURE_LENGTH = '; v1='.length + 64;
const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** With the header's name, so that nothing else that is ever signed with the secret passes for a header. */
const hmacOf = (text: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${FORCE_HEADER}: ${text}`).digest();
