import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Problem } from './problem.ts';

/**
 * What the head of a request must be before any part of the facade looks at it: routes, passthrough, tunnels and pages
 * alike. The checks need no setting, so that a facade in somebody else's server has them too (embed.ts).
 */

/** What a caller is told: the methods of RFC 9110 and 5789. Others pass, too, all but TRACE and CONNECT. */
export const ALLOW = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Also answered on a bare socket, where node hands a CONNECT over. */
export const CONNECT_REFUSED: Problem = {
  status: 405,
  kind: 'method-connect',
  detail: 'This server opens no tunnels by CONNECT. Send the request itself, to the path that is meant.',
  allow: ALLOW,
};
/** An upstream would reflect the token that the facade puts in. */
const TRACE_REFUSED: Problem = {
  status: 405,
  kind: 'method-trace',
  detail: 'TRACE is not taken here: its answer would show headers that are not the caller’s. Use another method.',
  allow: ALLOW,
};
const VERSION_REFUSED: Problem = {
  status: 505,
  kind: 'http-version',
  detail: 'Only HTTP/1.1 and HTTP/1.0 are spoken here. Send the request in one of them.',
};
/** RFC 9112 6.1: where the body of such a request ends is not known. */
const CODING_IN_HTTP_1_0: Problem = {
  status: 400,
  kind: 'transfer-coding',
  detail: 'HTTP/1.0 knows no Transfer-Encoding. Send a Content-Length, or the request in HTTP/1.1.',
};
/** RFC 9112 6.1: a coding below chunked would be lost on the way, and the body with it. */
const UNKNOWN_CODING: Problem = {
  status: 501,
  kind: 'transfer-coding',
  detail: 'The only transfer coding that is taken here is chunked.',
};
/** What reads it would carry out a write, and a read may be sent twice, to either path, and as a shadow. */
const METHOD_OVERRIDDEN: Problem = {
  status: 400,
  kind: 'method-override',
  detail: 'A header asks for another method than the request line has. Send that method in the request line.',
};
const BAD_HOST: Problem = {
  status: 400,
  kind: 'host',
  detail: 'Send one Host header: a name or an address, IPv6 in brackets, and a port as a number where one is meant.',
};
const BAD_TARGET: Problem = {
  status: 400,
  kind: 'request-target',
  detail: 'The request target must be a path that begins with a slash, or an http:// URL with a host.',
};
/** RFC 9112 3.2: no form of a target has a fragment, and whoever cuts it off asks for something else. */
const FRAGMENT: Problem = {
  status: 400,
  kind: 'request-target',
  detail: 'The request target holds a #fragment. Send the target without it, or # as %23 where it is meant.',
};

const SLASH = 0x2f;

/**
 * Why a request is refused by its head alone; undefined: it is not. In absolute form `req.headers.host` becomes the
 * host of the target, as RFC 9112 3.2.2 asks.
 */
export function headProblem(req: IncomingMessage): Problem | undefined {
  if (req.httpVersionMajor !== 1) return VERSION_REFUSED;
  if (req.method === 'TRACE') return TRACE_REFUSED;
  if (req.method === 'CONNECT') return CONNECT_REFUSED;
  const { host, 'transfer-encoding': coding } = req.headers;
  if (coding !== undefined) {
    if (req.httpVersionMinor === 0) return CODING_IN_HTTP_1_0;
    if (coding !== 'chunked' && coding.toLowerCase() !== 'chunked') return UNKNOWN_CODING;
  }
  if (hasTwoHosts(req.rawHeaders)) return BAD_HOST;
  if (isRead(req.method) && overridesMethod(req.rawHeaders)) return METHOD_OVERRIDDEN;
  // Empty is what a request without an authority has (RFC 9110 7.2).
  if (host === undefined ? req.httpVersionMinor > 0 : host !== '' && !isHost(host)) return BAD_HOST;
  const url = req.url as string;
  if (url.includes('#')) return FRAGMENT;
  return url.charCodeAt(0) === SLASH ? undefined : otherFormProblem(req, url);
}

/** Of a target that is no path: `*` for OPTIONS, or an absolute form. */
function otherFormProblem(req: IncomingMessage, url: string): Problem | undefined {
  if (url === '*') return req.method === 'OPTIONS' ? undefined : BAD_TARGET;
  const authority = authorityOf(url);
  if (authority === undefined) return BAD_TARGET;
  if (!isHost(authority)) return BAD_HOST;
  req.headers.host = authority;
  return undefined;
}

/** `http://host:80/path` → `host:80`; undefined when it is no http(s) URL. */
function authorityOf(url: string): string | undefined {
  const at = url.indexOf('://');
  const scheme = url.slice(0, Math.max(at, 0)).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  const begin = at + 3;
  const length = url.slice(begin).search(/[/?]/);
  return length < 0 ? url.slice(begin) : url.slice(begin, begin + length);
}

const isRead = (method: string | undefined): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/** Headers by which some frameworks take another method than that of the request line. */
export const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;

function overridesMethod(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const { length } = name;
    if ((length === 22 || length === 17 || length === 13) && isOverride(name.toLowerCase())) return true;
  }
  return false;
}

const isOverride = (name: string): boolean => (METHOD_OVERRIDES as readonly string[]).includes(name);

function hasTwoHosts(raw: readonly string[]): boolean {
  let hosts = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}

/**
 * A name or an address, with or without a port: what may stand in Host and in the authority of a target. Stricter than
 * RFC 3986, whose names may hold `!$&'()*+,;=` and escapes: no name in use has them, and upstreams put it into pages.
 */
export function isHost(text: string): boolean {
  if (text.charCodeAt(0) === BRACKET) {
    const close = text.indexOf(']');
    const address = text.slice(1, close);
    return close > 0 && isIPv6(address) && !address.includes('%') && isPortOrNothing(text, close + 1);
  }
  let end = 0;
  while (end < text.length && isNameCharacter(text.charCodeAt(end))) end++;
  return end > 0 && isPortOrNothing(text, end);
}

const BRACKET = 0x5b;
const COLON = 0x3a;

/** Letters, digits and `-._~`. */
function isNameCharacter(c: number): boolean {
  if ((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2e || c === 0x2d) return true;
  return (c >= 0x41 && c <= 0x5a) || c === 0x5f || c === 0x7e;
}

/** RFC 3986 3.2.3: a colon and no digit is a port, too. */
function isPortOrNothing(text: string, at: number): boolean {
  if (at === text.length) return true;
  if (text.charCodeAt(at) !== COLON || text.length - at > 6) return false;
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return Number(text.slice(at + 1)) <= 65_535;
}

/**
 * An OPTIONS that is for this server itself: `*`, an origin without a path (RFC 9112 3.2.4), or one that may go no
 * further (RFC 9110 7.6.2).
 */
export function isOptionsForUs(req: IncomingMessage): boolean {
  if (req.method !== 'OPTIONS') return false;
  const url = req.url as string;
  if (url === '*' || (url.charCodeAt(0) !== SLASH && !/[/?]/.test(url.slice(url.indexOf('://') + 3)))) return true;
  const left = req.headers['max-forwards'];
  return typeof left === 'string' && /^0+$/.test(left);
}

/** The head is neither refused nor answered by itself. */
export function passesHead(req: IncomingMessage): boolean {
  return headProblem(req) === undefined && !isOptionsForUs(req);
}

/** Larger ones are taken for this: RFC 9110 7.6.2 lets a recipient have a maximum. */
const MAX_MAX_FORWARDS = 4_294_967_295;

/** What is left of the Max-Forwards of an OPTIONS for the next recipient; undefined when it is no number above 0. */
export function decremented(maxForwards: string): string | undefined {
  if (!/^\d+$/.test(maxForwards)) return undefined;
  const left = Math.min(Number(maxForwards), MAX_MAX_FORWARDS);
  return left > 0 ? String(left - 1) : undefined;
}
