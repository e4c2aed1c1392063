import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/**
 * A body without its content-encoding. One side may send gzip where the other does not; that is transport, not content.
 * Bounded: a thousandth of a body may be enough to unpack to gigabytes.
 */

type Unpack = (body: Buffer, options: { maxOutputLength: number }) => Buffer;

const inflate: Unpack = (body, options) => {
  // Some servers say deflate and leave the zlib wrapper off (RFC 9110, 8.4.1.2).
  try {
    return inflateSync(body, options);
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return inflateRawSync(body, options);
  }
};

const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflate,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  identity: (body) => body,
};

/** Nobody encodes more than twice; a longer list is an attack on whoever unpacks it. */
const MAX_LAYERS = 3;

export type Decoded =
  | { readonly kind: 'ok'; readonly body: Buffer }
  /** Unpacks to more than `longest`. */
  | { readonly kind: 'too large' }
  /** An encoding that is not known, or bytes that are not in it. */
  | { readonly kind: 'unreadable' };

/** @param longest bytes that the body may unpack to. */
export function decoded(body: Buffer, encoding: string | undefined, longest: number): Decoded {
  // Most answers by far.
  if (encoding === undefined) return body.length > longest ? { kind: 'too large' } : { kind: 'ok', body };
  const layers = encoding.split(',').flatMap((name) => name.trim().toLowerCase() || []);
  if (layers.length > MAX_LAYERS) return { kind: 'unreadable' };
  let plain = body;
  try {
    for (const layer of layers.toReversed()) {
      const unpack = Object.hasOwn(UNPACK, layer) ? UNPACK[layer] : undefined;
      if (!unpack) return { kind: 'unreadable' };
      // An answer to HEAD, and a 204, may name an encoding of nothing.
      if (plain.length > 0) plain = unpack(plain, { maxOutputLength: longest });
    }
  } catch (error) {
    return { kind: isTooLarge(error) ? 'too large' : 'unreadable' };
  }
  return plain.length > longest ? { kind: 'too large' } : { kind: 'ok', body: plain };
}

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof RangeError || (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
  );
}
