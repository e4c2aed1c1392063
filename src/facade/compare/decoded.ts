import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/**
 * A body without its content-encoding. One side may send gzip where the other does not; that is transport, not content.
 * Bounded: a thousandth of a body may be enough to unpack to gigabytes. As strict as the strictest client: bytes that are
 * left behind the end of an encoding make the body unreadable to Go's, and to others not.
 */

interface UnpackOptions {
  readonly maxOutputLength: number;
  /** Node then answers with an {@link Unpacked}, of which its types know nothing. */
  readonly info: true;
}
interface Unpacked {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type Unpack = (body: Buffer, maxOutputLength: number) => Buffer;

/** @throws where the bytes are not in the encoding, from the first to the last. */
const whole =
  (unpack: (body: Buffer, options: UnpackOptions) => unknown): Unpack =>
  (body, maxOutputLength) => {
    const { buffer, engine } = unpack(body, { maxOutputLength, info: true }) as Unpacked;
    if (engine.bytesWritten < body.length) throw new Error('bytes are left behind the end of the encoding');
    return buffer;
  };

const wrapped = whole(inflateSync);
const bare = whole(inflateRawSync);

const inflate: Unpack = (body, maxOutputLength) => {
  // Some servers say deflate and leave the zlib wrapper off (RFC 9110, 8.4.1.2).
  try {
    return wrapped(body, maxOutputLength);
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return bare(body, maxOutputLength);
  }
};

const UNPACK: ReadonlyMap<string, Unpack> = new Map([
  ['gzip', whole(gunzipSync)],
  ['x-gzip', whole(gunzipSync)],
  ['deflate', inflate],
  ['br', whole(brotliDecompressSync)],
  ['zstd', whole(zstdDecompressSync)],
  ['identity', (body) => body],
]);

/** Nobody encodes more than twice; a longer list is an attack on whoever unpacks it. */
const MAX_LAYERS = 3;

export type Decoded =
  | { readonly kind: 'ok'; readonly body: Buffer }
  /** Unpacks to more than `longest`. */
  | { readonly kind: 'too large' }
  /** An encoding that is not known, or bytes that are not in it: no caller can read it. */
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
      const unpack = UNPACK.get(layer);
      if (!unpack) return { kind: 'unreadable' };
      // An answer to HEAD, and a 204, may name an encoding of nothing.
      if (plain.length > 0) plain = unpack(plain, longest);
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
