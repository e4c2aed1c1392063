import { isUtf8 } from 'node:buffer';
import { charsetOf } from '../../http/media.ts';

/**
 * The text of a body, in the charset that its media type names and else in UTF-8; undefined where the bytes are no text
 * in it, or nobody knows that charset: such a body is its bytes.
 */
export function textOf(body: Buffer, contentType: string | undefined): string | undefined {
  const charset = charsetIn(contentType);
  if (charset === UTF8) return isUtf8(body) ? body.toString('utf8') : undefined;
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

const UTF8 = 'utf-8';

/** The charset that a body is read in: `utf-8` where its media type names none. */
export function charsetIn(contentType: string | undefined): string {
  const named = charsetOf(contentType) ?? UTF8;
  return named === 'utf8' ? UTF8 : named;
}
