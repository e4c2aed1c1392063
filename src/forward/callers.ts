import { hash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { bucketOf } from '../rollout/split.ts';

/**
 * Who calls. A caller is *known* when it presents the Contact2Sale token or one of FACADE_TOKENS; only known callers
 * may take the gateway path, since the gateway holds the token and asks nothing of those who reach it.
 *
 * Comparison: the presented token is hashed with a random salt and the digest is looked up. What the look-up compares
 * is a digest that the caller can neither know nor steer, so its timing says nothing of the token, and the cost does
 * not grow with the number of tokens.
 */

export interface Caller {
  /** Twelve hex digits of the token's digest: tells callers apart in logs and reports, reveals nothing. */
  readonly id: string;
  /** Bucket of the split for routes that are sticky by caller. */
  readonly bucket: number;
  /** Presented one of FACADE_TOKENS: the direct path gets the Contact2Sale token in its place. */
  readonly replaceCredentials: boolean;
}

/** `Bearer ` in any case; RFC 9110 11.1 has schemes compare case-insensitively. */
const BEARER = 'bearer ';

export class Callers {
  readonly #salt = randomBytes(16).toString('base64');
  readonly #known = new Map<string, Caller>();

  constructor(c2sToken: string | undefined, facadeTokens: readonly string[]) {
    for (const token of facadeTokens) this.#add(token, true);
    // Last, so that a facade token that equals the Contact2Sale token changes nothing of what is sent.
    if (c2sToken) this.#add(c2sToken, false);
  }

  /** The known caller, or undefined: unknown, or no credentials at all. */
  identify(headers: IncomingHttpHeaders): Caller | undefined {
    const token = presentedToken(headers);
    return token === undefined ? undefined : this.#known.get(this.#digest(token));
  }

  /** Every known caller, whoever holds the Contact2Sale token last. */
  get all(): readonly Caller[] {
    return [...this.#known.values()];
  }

  #add(token: string, replaceCredentials: boolean): void {
    // Or whoever presents nothing would be known.
    if (token === '') return;
    // Not salted: the same caller must fall into the same bucket on every instance and after a restart.
    const id = hash('sha256', token, 'hex').slice(0, 12);
    this.#known.set(this.#digest(token), { id, bucket: bucketOf(id), replaceCredentials });
  }

  #digest(token: string): string {
    return hash('sha256', this.#salt + token, 'base64');
  }
}

/** The token of `Authorization: Bearer T`, `Authentication: Bearer T` or `Authentication: T` (contracts.md). */
export function presentedToken(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return withoutScheme(authorization);
  const authentication = headers['authentication'];
  if (typeof authentication !== 'string') return undefined;
  return withoutScheme(authentication) ?? authentication;
}

function withoutScheme(value: string): string | undefined {
  const isBearer = value.length > BEARER.length && value.slice(0, BEARER.length).toLowerCase() === BEARER;
  return isBearer ? value.slice(BEARER.length).trim() : undefined;
}
