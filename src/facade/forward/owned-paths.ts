import { percentDecodeLoosely } from '../../http/percent.ts';

/**
 * Whether a path belongs to a page, however it is written. What is passed on is sent as it came, and the next server may
 * decode it, fold its case, merge its slashes or resolve its dots: a path that leads to, below or through a prefix in one
 * of these readings is the page's. For `/api/v1`: `/API//v1/x`, `/%61pi/v1`, `/a/../api/v1/x`, `/api/v1/../../x`.
 */
export class OwnedPaths {
  readonly #prefixes: readonly (readonly string[])[];

  /** @param prefixes in lower case, without a slash at the end. */
  constructor(prefixes: readonly string[]) {
    this.#prefixes = prefixes.map(segmentsOf);
  }

  /** @param path raw, without query. */
  owns(path: string): boolean {
    const way: string[] = [];
    for (const segment of segmentsOf(decoded(path).toLowerCase())) {
      if (segment === '.') continue;
      if (segment === '..') way.pop();
      else way.push(segment);
      if (this.#prefixes.some((prefix) => isSame(prefix, way))) return true;
    }
    return false;
  }
}

/** An escape of an escape is decoded by two servers in a row. */
const MAX_DECODINGS = 3;

function decoded(path: string): string {
  let text = path;
  for (let i = 0; i < MAX_DECODINGS && text.includes('%'); i++) text = percentDecodeLoosely(text);
  return text;
}

/**
 * Each up to its first character that is in no name (RFC 3986 2.2): a parameter (`;a=1`), a query that was escaped or begun
 * with another sign (`&cpf=`). Without blanks and control characters.
 */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  let segment = '';
  let isName = true;
  for (const letter of `${path}/`) {
    if (letter === '/' || letter === '\\') {
      if (segment !== '') segments.push(segment);
      segment = '';
      isName = true;
    } else if (RESERVED.has(letter)) isName = false;
    else if (isName && letter > ' ' && letter !== '\u007f') segment += letter;
  }
  return segments;
}

const RESERVED = new Set(`:?#[]@!$&'()*+,;=`);

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((segment, i) => segment === other[i]);
