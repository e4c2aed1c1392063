import type { Face } from '../rollout/route.ts';
import { decodesTwiceOrControls, isVisibleAscii, percentDecode } from '../../http/percent.ts';

/**
 * Paths between the two faces. Parameters stay as the caller encoded them: decoding and encoding again would change
 * `%2F` into a separator or `+` into something else, and the direct path must see what it always saw.
 *
 * The gateway decodes a parameter and pastes it into the URL it calls, unescaped, so some values reach another
 * operation there (`POST /leads/%2E%2E/mark-interacted` ends at `/integration/mark_as_interacted`). `isSafeParam` tells
 * which may take the gateway path. It runs on every request of a gateway route: ids of letters, digits, `_` and `-`
 * are judged without an allocation.
 */

/**
 * The path of a face with the raw (still percent-encoded) parameters filled in, in the order of `RouteModel.params`.
 * Throws when a parameter is missing: the table and the match disagree, and half a path must not be sent.
 */
export function renderPath(face: Face, params: readonly string[]): string {
  let path = '';
  for (const segment of face.segments) {
    const text = typeof segment === 'string' ? segment : params[segment];
    if (text === undefined) throw new RangeError(`no value for a parameter of ${face.template}`);
    path += `/${text}`;
  }
  return path === '' ? '/' : path;
}

/**
 * May this raw path parameter be handed to the gateway? False when it decodes to nothing, to a dot segment, or to
 * something with a slash, backslash, `?`, `#`, `%` or control character, when its escapes are broken or not UTF-8, or
 * when it holds raw spaces or non-ASCII. Static siblings (`/leads/resolve-source`) are asked for with {@link decodesTo}.
 */
export function isSafeParam(raw: string): boolean {
  for (let i = 0; i < raw.length; i++) {
    if (!isPlain(raw.charCodeAt(i))) return isSafeUnusual(raw);
  }
  return raw.length > 0;
}

/**
 * Does this raw parameter decode to the literal? The gateway matches its own routes after decoding, so
 * `/leads/resolve%2Dsource` is `/leads/resolve-source` there: a lookup at a third party instead of a lead. For each
 * parameter of a gateway face, ask for the literals that stand at the same place in other gateway faces.
 */
export function decodesTo(raw: string, literal: string): boolean {
  if (raw.length < literal.length) return false;
  return raw === literal || percentDecode(raw) === literal;
}

/** Letters, digits, `_` and `-`. */
function isPlain(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x2d ||
    code === 0x5f
  );
}

function isSafeUnusual(raw: string): boolean {
  if (!isVisibleAscii(raw)) return false;
  const decoded = percentDecode(raw);
  if (decoded === undefined || decoded === '.' || decoded === '..') return false;
  for (const separator of ['/', '\\', '?', '#']) if (decoded.includes(separator)) return false;
  return !decodesTwiceOrControls(decoded);
}
