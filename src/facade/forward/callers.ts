import { hash, randomBytes } from 'node:crypto';
import { bucketOf } from '../rollout/split.ts';
import { presentedToken } from '../../http/bearer.ts';
import type { Problem } from '../../http/problem.ts';
import { TokenScanner } from './token-scanner.ts';

/**
 * Who calls. A caller is *known* when it presents the token of the direct side or one of FACADE_TOKENS; only known
 * callers may take the gateway path, since the gateway holds the token and asks nothing of those who reach it.
 *
 * A token is taken from the headers of the pair (dialect/token-header.ts), with or without the scheme `Bearer`, and from
 * nowhere else. One of FACADE_TOKENS that stands anywhere else would be passed on to an upstream, and so would either kind
 * beside or inside of credentials that are not understood: such a request is *misplaced*, and goes nowhere.
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
}

/** A token of ours stands where no token is taken from. */
export const MISPLACED = Symbol('misplaced');

export const MISPLACED_TOKEN: Problem = {
  status: 400,
  kind: 'token-misplaced',
  detail:
    'A token of this facade stands where it is not taken from, or beside other credentials; it was not passed on. ' +
    'Send it once, as Authorization: Bearer <token>, without other credentials, and not in the query.',
};

export class Callers {
  readonly #salt = randomBytes(16).toString('base64');
  readonly #known = new Map<string, Caller>();
  /** FACADE_TOKENS: they go nowhere. */
  readonly #everywhere: TokenScanner;
  /** And the direct side's own token, where credentials stand. */
  readonly #inCredentials: TokenScanner;
  readonly #headers: ReadonlySet<string>;
  /** By length and first letter: may a name be one of the headers? */
  readonly #shapes = new Uint8Array(SHAPES);

  /** @param headers names in lower case from which a token is taken (dialect/token-header.ts). */
  constructor(directToken: string | undefined, facadeTokens: readonly string[], headers: ReadonlySet<string>) {
    for (const token of facadeTokens) this.#add(token);
    if (directToken) this.#add(directToken);
    // One that is the direct side's own, too, is that side's to see.
    const ofDirect = new Set([directToken]);
    this.#everywhere = new TokenScanner(facadeTokens.filter((token) => !ofDirect.has(token)));
    this.#inCredentials = new TokenScanner(directToken ? [...facadeTokens, directToken] : facadeTokens);
    this.#headers = headers;
    for (const name of headers) this.#shapes[shapeOf(name)] = 1;
  }

  /**
   * The known caller; undefined: unknown, or no credentials at all.
   * @param raw header names and values alternating, as sent. @param target its query, or all of an absolute form.
   */
  identify(raw: readonly string[], target: string): Caller | typeof MISPLACED | undefined {
    let shown: Caller | undefined;
    let hasOthers = false;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string;
      const value = raw[i + 1] as string;
      if (this.#shapes[shapeOf(name)] === 0 || !this.#headers.has(name.toLowerCase())) {
        if (this.#everywhere.finds(value) || this.#everywhere.finds(name)) return MISPLACED;
      } else if (value !== '') {
        const caller = this.#callerOf(value);
        if (caller ? shown !== undefined && shown !== caller : this.#inCredentials.finds(value)) return MISPLACED;
        if (caller) shown = caller;
        else hasOthers = true;
      }
    }
    if ((shown && hasOthers) || this.#everywhere.finds(target)) return MISPLACED;
    return shown;
  }

  /** Does a target show one of FACADE_TOKENS? No route's parameters are looked at for it: only what no route claims. */
  isShownIn(target: string): boolean {
    return this.#everywhere.finds(target);
  }

  /** Every known caller, whoever holds the direct side's own token last. */
  get all(): readonly Caller[] {
    return [...this.#known.values()];
  }

  #callerOf(credentials: string): Caller | undefined {
    const token = presentedToken(credentials);
    return token === undefined ? undefined : this.#known.get(this.#digest(token));
  }

  #add(token: string): void {
    // Or whoever presents nothing would be known.
    if (token === '') return;
    // Not salted: the same caller must fall into the same bucket on every instance and after a restart.
    const id = hash('sha256', token, 'hex').slice(0, 12);
    this.#known.set(this.#digest(token), { id, bucket: bucketOf(id) });
  }

  #digest(token: string): string {
    return hash('sha256', this.#salt + token, 'base64');
  }
}

const SHAPES = 64 * 32;
/** The same for a name in any case. */
const shapeOf = (name: string): number => ((name.length & 63) << 5) | (name.charCodeAt(0) & 31);
