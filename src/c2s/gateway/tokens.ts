/**
 * The tokens of Contact2Sale, which live here alone. Several may be valid at once, so that a token is changed
 * without a gap: the new one is put in front, the old one behind it, and the old one is revoked afterwards.
 * A token that Contact2Sale refused is passed over until the list changes or every one was refused.
 */
export class Tokens {
  #tokens: readonly string[] = [];
  #refused = new Set<string>();

  constructor(tokens: readonly string[]) {
    this.replace(tokens);
  }

  /** Takes a new list whole. Tokens that stayed keep what is known of them. */
  replace(tokens: readonly string[]): void {
    this.#tokens = [...new Set(tokens.filter((token) => token !== ''))];
    this.#refused = new Set([...this.#refused].filter((token) => this.#tokens.includes(token)));
  }

  /** The token to use, or the first one when all were refused: a refusal may have been a mistake of the other side. */
  get current(): string | undefined {
    return this.#tokens.find((token) => !this.#refused.has(token)) ?? this.#tokens[0];
  }

  /** Notes a 401. Answers the token to try instead, if there is one. */
  refuse(token: string): string | undefined {
    if (this.#tokens.includes(token)) this.#refused.add(token);
    return this.#tokens.find((other) => !this.#refused.has(other));
  }

  accept(token: string): void {
    this.#refused.delete(token);
  }

  get state(): 'accepted' | 'refused' | 'missing' {
    if (this.#tokens.length === 0) return 'missing';
    return this.#tokens.every((token) => this.#refused.has(token)) ? 'refused' : 'accepted';
  }
}
