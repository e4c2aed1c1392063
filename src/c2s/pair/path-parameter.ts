import { decodesTwiceOrControls, isVisibleAscii, percentDecode } from '../../http/percent.ts';

/**
 * The gateway decodes a parameter and pastes it into the URL that it calls, unescaped, so some values reach another
 * operation there (`POST /leads/%2E%2E/mark-interacted` ends at `/integration/mark_as_interacted`). `isSafeParam` tells
 * which may take the gateway path; docs/wire/gateway.md has what each value came to. It runs on every request of a
 * gateway route: ids of letters, digits, `_` and `-` are judged without an allocation.
 */

/**
 * May this raw path parameter be handed to the gateway? False when it decodes to nothing, to a dot segment, or to
 * something with a slash, backslash, `?`, `#`, `%` or control character, when its escapes are broken or not UTF-8, or
 * when it holds raw spaces or non-ASCII.
 */
export function isSafeParam(raw: string): boolean {
  for (let i = 0; i < raw.length; i++) {
    if (!isPlain(raw.charCodeAt(i))) return isSafeUnusual(raw);
  }
  return raw.length > 0;
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
