/** Targets as httpx makes them of the text that the gateway pastes together, decoded path parameters included. */

/** httpx raises InvalidURL; the gateway answers 500 with its text. */
export class InvalidUrl extends Error {}

const MAX_URL_CHARS = 65_536;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** @param url path, and whatever a parameter has put behind it: a query, a fragment, dot segments */
export function onwardTarget(url: string, params: readonly (readonly [string, string])[] | undefined): string {
  if (url.length > MAX_URL_CHARS) throw new InvalidUrl('URL too long');

  if (/[\u0000-\u001f\u007f]/.test(url)) throw new InvalidUrl('Invalid non-printable ASCII character in URL');
  const [, path = '', query] = /^([^?#]*)(?:\?([^#]*))?/s.exec(url) ?? [];
  const target = quote(withoutDots(path), "!$&'()*+,;=:/[]@");
  if (params) return params.length === 0 ? target : `${target}?${params.map(pair).join('&')}`;
  return query === undefined ? target : `${target}?${quote(query, "!$&'()*+,;=:/?[]@")}`;
}

const pair = ([name, value]: readonly [string, string]): string => `${name}=${quote(value, '')}`;

/** What looks encoded already stays as it is. */
function quote(text: string, safe: string): string {
  return text
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part, at) => (at % 2 === 1 ? part : [...part].map((char) => quoteChar(char, safe)).join('')))
    .join('');
}

function quoteChar(char: string, safe: string): string {
  if (UNRESERVED.test(char) || safe.includes(char)) return char;
  return [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function withoutDots(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && !(parts.length === 1 && parts[0] === '')) parts.pop();
  }
  return parts.join('/');
}
