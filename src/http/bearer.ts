const BEARER = /^bearer[ \t]+([^ \t]+)$/i;
const TOKEN = /^(?:bearer[ \t]+)?([^ \t]+)$/i;

/**
 * The token of the one line `Authorization: Bearer T` (RFC 6750 2.1), with any number of blanks; RFC 9110 11.1 has
 * schemes compare case-insensitively. Undefined: another scheme, no token, or two lines, of which node shows the first
 * and whoever stands in front may have judged the second.
 * @param raw header names and values alternating, as sent.
 */
export function bearerToken(raw: readonly string[]): string | undefined {
  let shown: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (shown !== undefined) return undefined;
    shown = raw[i + 1];
  }
  return shown === undefined ? undefined : BEARER.exec(shown)?.[1];
}

/** The token of `Bearer T` or of `T` alone, which some clients send. Undefined where it is neither. */
export function presentedToken(credentials: string): string | undefined {
  return TOKEN.exec(credentials)?.[1];
}
