import { createHmac, randomBytes } from 'node:crypto';

/**
 * Keyed hashes of what a record is compared with. The key is made of the direct side's token, which every instance has and
 * the database has not: who reads the table alone can try no phone numbers. Without a token each process has a key of its
 * own, and only that process can look.
 */
export class ValueSeal {
  readonly #key: Buffer;
  /** Tells keys apart and tells nothing of the key. */
  readonly keyId: string;

  constructor(secret: string | undefined) {
    const base = secret === undefined ? randomBytes(32) : secret;
    this.#key = createHmac('sha256', base).update('c2s-facade unknown writes').digest();
    this.keyId = this.seal('the id of the key').slice(0, 12);
  }

  seal(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url').slice(0, 24);
  }
}
