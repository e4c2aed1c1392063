/** An answer that cannot be read as HTTP/1.1. Its connection is closed: what stands behind it means nothing. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
  readonly code = 'ERR_MALFORMED_ANSWER';

  /** @param what is wrong with it, as a noun. */
  constructor(what: string) {
    super(`The upstream sent ${what}.`);
  }
}
