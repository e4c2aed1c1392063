/**
 * Percent-decoding for paths and queries. `decodeURIComponent` is the strict reading: it refuses broken escapes,
 * overlong forms, surrogates and every other invalid UTF-8, all of which the gateway would turn into U+FFFD.
 */

const PERCENT = 0x25;

/** The value of a path parameter: decoded, or as it came where its escapes are broken. So `%61bc` and `abc` are one value. */
export const paramValue = (raw: string): string => percentDecode(raw) ?? raw;

/** The decoded text, or undefined when the escapes are broken or not UTF-8. `+` stays a plus. */
export function percentDecode(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** With every sound escape decoded by itself, byte by byte, and all else left as it is: to look for ASCII text in it. */
export const percentDecodeLoosely = (raw: string): string =>
  raw.includes('%') ? raw.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : raw;

/** True when every character is visible ASCII (0x21–0x7e): what a request target may hold unescaped. */
export function isVisibleAscii(raw: string): boolean {
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return true;
}

/**
 * True when decoded text holds a control character (0x00–0x1f, 0x7f) or a percent sign. The gateway pastes what it
 * decoded into the URL it calls, so a percent sign that was itself escaped (`%252E%252E`) comes out as an escape and is
 * decoded a second time by Contact2Sale: as `..`, for one.
 */
export function decodesTwiceOrControls(decoded: string): boolean {
  for (let i = 0; i < decoded.length; i++) {
    const code = decoded.charCodeAt(i);
    if (code < 0x20 || code === 0x7f || code === PERCENT) return true;
  }
  return false;
}
