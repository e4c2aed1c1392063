import type { Path } from '../rollout/route.ts';
import { locationRewriter, type UpstreamAddress } from './runtime-snapshot.ts';

/** Takes out of an answer's headers where an upstream lives; what points elsewhere stays as it is. */
export interface AnswerRewriter {
  /** Location, Content-Location: one URI. */
  readonly location: (value: string) => string;
  /** Refresh: `5; url=/next`. */
  readonly refresh: (value: string) => string;
  /** Link (RFC 8288): targets in angle brackets, and anchors. */
  readonly link: (value: string) => string;
  /** Set-Cookie (RFC 6265): Domain and Path. */
  readonly cookie: (value: string) => string;
}

/** Seconds, a separator and `url=`, each of which may be left out (HTML, shared declarative refresh steps). */
const BEFORE_REFRESH_URL = /^\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?/i;
const LINK_TARGET = /<([^<>]*)>/g;
const LINK_ANCHOR = /(\banchor\s*=\s*"?)([^",;\s]*)/gi;
const SCOPED_COOKIE = /;\s*(?:domain|path)\s*=/i;

/** @param path which path answered. @param addresses of all upstreams. */
export function answerRewriter(path: Path, addresses: readonly UpstreamAddress[]): AnswerRewriter {
  const location = locationRewriter(path, addresses);
  const prefix = addresses.find((upstream) => upstream.path === path)?.prefix ?? '';
  const hosts = addresses.map(({ origin }) => new URL(origin).hostname);
  return {
    location,
    refresh: (value) => refresh(value, location),
    link: (value) =>
      value
        .replace(LINK_TARGET, (_, target: string) => `<${location(target)}>`)
        .replace(LINK_ANCHOR, (_, before: string, anchor: string) => before + location(anchor)),
    cookie: (value) => (SCOPED_COOKIE.test(value) ? cookie(value, prefix, hosts) : value),
  };
}

function refresh(value: string, location: (value: string) => string): string {
  const [before = ''] = BEFORE_REFRESH_URL.exec(value) ?? [];
  const rest = value.slice(before.length).trimEnd();
  const quote = rest.startsWith('"') || rest.startsWith("'") ? rest.charAt(0) : '';
  const url = rest.slice(
    quote.length,
    rest.length > 1 && rest.endsWith(quote) ? rest.length - quote.length : undefined,
  );
  return url === '' ? value : before + quote + location(url) + quote;
}

/**
 * The Domain of an upstream would have the caller throw the cookie away, and names the upstream; without one the cookie
 * is the facade's. A Path below the prefix of the base URL would never match a path of the facade.
 */
function cookie(value: string, prefix: string, hosts: readonly string[]): string {
  const [pair = '', ...attributes] = value.split(';');
  const kept = attributes.flatMap((attribute) => {
    const equals = attribute.indexOf('=');
    const name = attribute.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const given = attribute.slice(equals + 1).trim();
    if (name === 'domain' && hosts.some((host) => isWithin(host, given))) return [];
    if (name !== 'path' || !isBelow(given, prefix)) return [attribute];
    return [`${attribute.slice(0, equals + 1)}${given.slice(prefix.length) || '/'}`];
  });
  return [pair, ...kept].join(';');
}

const isBelow = (path: string, prefix: string): boolean =>
  prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`));

/** Does a cookie of this domain come back to the host (RFC 6265 5.1.3)? */
function isWithin(host: string, domain: string): boolean {
  const name = domain.replace(/^\./, '').toLowerCase();
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}
