/**
 * The address of a Postgres. A raw `#`, `/` or `?` in the password ends the password too early: `postgres://user:12/ab@host/db` is the host `user`, port 12, and a part of the password as the database. So it is
 * looked for before the address is used. No message repeats a part of the address but these signs.
 */

const SCHEME = /^postgres(?:ql)?:\/\//i;
export const NOT_POSTGRES = 'must begin with postgres:// or postgresql://';
/** User, password and host as they were meant: the password ends at the last `@`. */
const MEANT = /^[a-z]+:\/\/([^:@]*):(.*)@[^@]*$/is;
const FORM = 'write postgres://user:password@host:5432/database';

/** What is wrong with it, or undefined. */
export function databaseUrlFault(text: string): string | undefined {
  if (!SCHEME.test(text)) return NOT_POSTGRES;
  const url = parse(text);
  const password = MEANT.exec(text)?.[2] ?? '';
  const raw = url && isPlausible(url) ? rawPercents(text) : rawSigns(password);
  if (raw.length > 0) return rawFault(raw);
  return url ? undefined : `is not an address: ${FORM}, with every sign of the password but letters and digits encoded`;
}

/** The driver takes an empty host, for a socket that the query names; `URL` does not, once there is a user. */
const parse = (text: string): URL | null => URL.parse(text) ?? URL.parse(text.replace('@/', '@socket.invalid/'));

/** Does every part look like what it is? A password that was cut leaves its rest in path, query or fragment. */
function isPlausible({ username, pathname, search, hash }: URL): boolean {
  const database = pathname.slice(1);
  const hasOddDatabase = database.includes('/') || (database.includes('@') && username === '');
  const hasOddQuery =
    search.length > 1 &&
    !search
      .slice(1)
      .split('&')
      .every((pair) => pair.includes('='));
  return !hasOddDatabase && !hasOddQuery && !hash.includes('@');
}

const rawSigns = (password: string): string[] => ['#', '/', '?'].filter((sign) => password.includes(sign));

/** A `%` that begins no code is read as it is, unless codes stand beside it or the codes are no text. */
function rawPercents(text: string): string[] {
  const userinfo = /^[a-z]+:\/\/([^/?#]*)@/i.exec(text)?.[1] ?? '';
  const isMixed = /%(?![0-9a-f]{2})/i.test(userinfo) && /%[0-9a-f]{2}/i.test(userinfo);
  return isMixed || !isText(userinfo.replaceAll(/%(?![0-9a-f]{2})/gi, '')) ? ['%'] : [];
}

function isText(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}

function rawFault(signs: readonly string[]): string {
  const quoted = signs.map((sign) => `"${sign}"`).join(' and ');
  const codes = signs.map((sign) => `${encodeURIComponent(sign)} for "${sign}"`).join(' and ');
  return `the password holds ${quoted} unencoded; write ${codes}`;
}
