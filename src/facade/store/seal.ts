import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * AES-256-GCM under one of several keys: the first seals, all of them open. A sealed text is bound to its context (whose
 * it is), so that a row's secret cannot be moved into another row unnoticed.
 */

interface Sealed {
  /** Tells keys apart and tells nothing of the key. */
  readonly keyId: string;
  /** Nonce, tag, ciphertext. */
  readonly sealed: Buffer;
}

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

export class Sealer {
  readonly #keys: ReadonlyMap<string, Buffer>;
  /** The id of the key that seals. */
  readonly keyId: string;
  /** The ids of the others, which only open. */
  readonly olderKeyIds: readonly string[];

  /** @param keys 32 bytes each, one at least. */
  constructor(keys: readonly Buffer[]) {
    const [first] = keys;
    if (!first || keys.some(({ length }) => length !== 32)) throw new RangeError('keys of 32 bytes, one at least');
    this.#keys = new Map(keys.map((key) => [idOf(key), key]));
    this.keyId = idOf(first);
    this.olderKeyIds = [...this.#keys.keys()].filter((id) => id !== this.keyId);
  }

  seal(text: string, context: string): Sealed {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.#key(this.keyId), nonce).setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return { keyId: this.keyId, sealed: Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]) };
  }

  /** @throws Error when the key is not among ours, or a bit of it was changed. */
  open({ keyId, sealed }: Sealed, context: string): string {
    const decipher = createDecipheriv(CIPHER, this.#key(keyId), sealed.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
    const text = decipher.update(sealed.subarray(NONCE + TAG));
    try {
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new Error('a sealed answer was changed since it was sealed, or belongs elsewhere', { cause: error });
    }
  }

  #key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (!key) throw new Error(`sealed with the key ${id}, which is not in DATA_KEY: add it behind the newest one`);
    return key;
  }
}

const idOf = (key: Buffer): string =>
  createHash('sha256').update('c2s-facade data key').update(key).digest('hex').slice(0, 12);
