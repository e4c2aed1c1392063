import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

/**
 * Web pages as callers of a listener that asks for no key and is therefore bound to loopback. The browser of whoever
 * works on this machine reaches it too, and runs pages of strangers. Two headers tell such a page from a program: Host,
 * which holds a foreign name where a page had its own name resolve to loopback (DNS rebinding), and Origin, which every
 * browser adds to a request that may change something.
 */
export type LoopbackFault =
  /** Host is none, or is not a loopback name. */
  | 'host'
  /** Origin is there, and is not the origin of this listener. `null`, of sandboxed pages, is foreign too. */
  | 'origin';

/** @returns undefined for a program on this machine, and for a page that this listener itself served. */
export function loopbackFault({ host, origin }: IncomingHttpHeaders): LoopbackFault | undefined {
  if (host === undefined || !LOOPBACK_HOST.test(host)) return 'host';
  return origin === undefined || isSameOrigin(origin, host) ? undefined : 'origin';
}

/** 127.0.0.0/8, ::1 and localhost, as a host or an address to bind. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIPv4(host) && host.startsWith('127.');
}

/** localhost, 127.0.0.0/8 and ::1, with or without a port. An address cannot be made to resolve to another one. */
const LOOPBACK_HOST = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/** What listens on loopback speaks plain HTTP, and a browser writes both names in lower case. */
function isSameOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}`;
}
