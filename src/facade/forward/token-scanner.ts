import { hash, randomBytes, randomInt } from 'node:crypto';

/**
 * Finds tokens inside longer texts: as they are, and as base64 has them at any offset (`Basic` credentials, cookies).
 *
 * Every position of a text costs the same: a rolling hash of the last {@link WINDOW} characters, with a base that is
 * drawn when the process begins, is looked up. Only where a whole window is that of a token's end, the text before it
 * is compared, by a salted digest of all of it. A guesser who is right about fewer than 16 characters in a row is told
 * nothing by the time that it takes, and of the rest a digest tells nothing either (see callers.ts).
 */

/** Characters. No token that is looked for is shorter (FACADE_TOKENS have 16 at least). */
export const WINDOW = 16;

/** Lengths, by the hash of the last {@link WINDOW} characters. */
type Ends = ReadonlyMap<number, readonly number[]>;

const FILTER_BITS = 12;

export class TokenScanner {
  readonly #salt = randomBytes(16).toString('base64');
  /** Odd, so that no character of a window is multiplied away. */
  readonly #base = randomInt(2 ** 30) * 2 + 1;
  /** base^WINDOW: the factor of the character that leaves the window. */
  readonly #leaving: number;
  readonly #ends: Ends;
  readonly #digests: ReadonlySet<string>;
  /** By the upper bits of a hash: may it be one of a token's end? */
  readonly #filter = new Uint8Array(1 << FILTER_BITS);

  /** @param tokens those shorter than {@link WINDOW} are not looked for: they would be found by chance. */
  constructor(tokens: readonly string[]) {
    let power = 1;
    for (let i = 0; i < WINDOW; i++) power = Math.imul(power, this.#base);
    this.#leaving = power;
    const texts = tokens.filter(({ length }) => length >= WINDOW).flatMap(spellingsOf);
    const ends = new Map<number, number[]>();
    for (const text of texts) {
      const end = this.#hashOf(text.slice(-WINDOW));
      ends.set(end, [...new Set([...(ends.get(end) ?? []), text.length])]);
      this.#filter[end >>> (32 - FILTER_BITS)] = 1;
    }
    this.#ends = ends;
    this.#digests = new Set(texts.map((text) => this.#digest(text)));
  }

  /** Does the text hold one of the tokens? */
  finds(text: string): boolean {
    if (text.length < WINDOW || this.#ends.size === 0) return false;
    const base = this.#base;
    const leaving = this.#leaving;
    const filter = this.#filter;
    let rolling = 0;
    for (let i = 0; i < WINDOW; i++) rolling = (Math.imul(rolling, base) + text.charCodeAt(i)) | 0;
    if (filter[rolling >>> (32 - FILTER_BITS)] === 1 && this.#endsAt(text, WINDOW, rolling)) return true;
    for (let i = WINDOW; i < text.length; i++) {
      const left = Math.imul(leaving, text.charCodeAt(i - WINDOW));
      rolling = (Math.imul(rolling, base) + text.charCodeAt(i) - left) | 0;
      if (filter[rolling >>> (32 - FILTER_BITS)] === 1 && this.#endsAt(text, i + 1, rolling)) return true;
    }
    return false;
  }

  #endsAt(text: string, end: number, rolling: number): boolean {
    const lengths = this.#ends.get(rolling);
    if (!lengths) return false;
    return lengths.some((length) => length <= end && this.#digests.has(this.#digest(text.slice(end - length, end))));
  }

  #hashOf(window: string): number {
    let rolling = 0;
    for (let i = 0; i < WINDOW; i++) rolling = (Math.imul(rolling, this.#base) + window.charCodeAt(i)) | 0;
    return rolling;
  }

  #digest(text: string): string {
    return hash('sha256', this.#salt + text, 'base64');
  }
}

/** The token, and the characters that its base64 has wherever in a longer text it begins. */
function spellingsOf(token: string): string[] {
  const encoded = [0, 1, 2].map((offset) => {
    const base64 = Buffer.concat([Buffer.alloc(offset), Buffer.from(token)]).toString('base64');
    // Of the first and the last character some bits are of its neighbours'.
    return base64.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + Buffer.byteLength(token))) / 6));
  });
  const urlSafe = encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([token, ...encoded, ...urlSafe])];
}
