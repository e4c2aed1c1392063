/**
 * The base URL of an upstream. A path prefix is allowed; a query, a fragment or credentials are not: they would be
 * dropped or logged somewhere on the way. No message repeats the URL, since it may hold a secret.
 */

/** What is wrong with it, or undefined. */
export function baseUrlFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url) return 'is not a URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'is neither http nor https';
  if (url.username !== '' || url.password !== '') return 'holds credentials';
  if (text.includes('?')) return 'holds a query';
  if (text.includes('#')) return 'holds a fragment';
  return undefined;
}

export const BASE_URL_REMEDY = 'write http://host:port or https://host, a path may follow';

/** `https://host/` and `https://host` are the same base: paths that begin with a slash are put behind it. */
export function normalBaseUrl(text: string): string {
  return text.trim().replace(/\/+$/, '');
}
