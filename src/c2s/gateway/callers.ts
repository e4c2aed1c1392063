import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bearerToken } from '../../http/bearer.ts';
import type { Operation } from './operations.ts';
import { isRead } from './operations.ts';
import type { CallerKey } from './settings.ts';

/**
 * Who may use the gateway. Keys are long random texts (see mint-key.ts), so one SHA-256 is enough to keep them
 * secret in the config, and a look-up by digest tells a guesser nothing: to steer the digest is to break the hash.
 */
export class GatewayCallers {
  #byDigest = new Map<string, CallerKey>();

  constructor(keys: readonly CallerKey[]) {
    this.replace(keys);
  }

  replace(keys: readonly CallerKey[]): void {
    this.#byDigest = new Map(keys.map((key) => [key.sha256.toLowerCase(), key]));
  }

  /** No keys: everybody may do everything. Only ever so on loopback. */
  get open(): boolean {
    return this.#byDigest.size === 0;
  }

  /** The caller of `Authorization: Bearer <key>` or `X-Api-Key: <key>`. */
  identify({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): CallerKey | undefined {
    const apiKey = headers['x-api-key'];
    const key = typeof apiKey === 'string' ? apiKey : bearerToken(rawHeaders);
    return key === undefined ? undefined : this.#byDigest.get(hash('sha256', key));
  }
}

/** Operations that are a POST and still change nothing. */
const READ_ONLY_POSTS: ReadonlySet<string> = new Set(['campaigns.enrich']);

export const mayCall = (caller: CallerKey, operation: Operation): boolean =>
  caller.access === 'full' || isRead(operation) || READ_ONLY_POSTS.has(operation.id);
