import type { Target } from './plan.ts';

/**
 * Cuts a request target once, without decoding anything. The absolute form (RFC 9112 3.2.2, what a client sends to a
 * proxy) loses its scheme and authority: where a request goes is never the caller's to say.
 */
export function parseTarget(url: string): Target {
  const raw = url.charCodeAt(0) === SLASH ? url : withoutOrigin(url);
  const mark = raw.indexOf('?');
  return mark < 0 ? { raw, path: raw, query: '' } : { raw, path: raw.slice(0, mark), query: raw.slice(mark + 1) };
}

const SLASH = 0x2f;

function withoutOrigin(url: string): string {
  const authority = url.indexOf('://');
  // `*`, or what no HTTP target is: matched by no route, and no upstream path either.
  if (authority < 0) return url;
  const rest = url.slice(authority + 3);
  const end = rest.search(/[/?]/);
  if (end < 0) return '/';
  return rest[end] === '/' ? rest.slice(end) : `/${rest.slice(end)}`;
}
