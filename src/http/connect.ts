import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/**
 * Opens the connections of one pool. Where a name has several addresses, each gets an equal share of the connect
 * deadline; node gives every address but the last 250 ms (`autoSelectFamilyAttemptTimeout`), which fails a healthy
 * address that is merely slow (nodejs/node#54359). An address that failed is tried last for a while, so that a dead
 * one costs its share once and not with every connection.
 */

export type Connect = buildConnector.connector;

/** Assumed until the first look-up has told: an IPv4 and an IPv6 address. */
const USUAL_ADDRESSES = 2;
/** More addresses than this share the deadline as if they were as many: node needs 10 ms for each. */
const MAX_SHARES = 8;
const AVOID_MS = 60_000;

/** @param connectMs deadline of a connection, look-up and TLS included. @param now milliseconds, monotonic. */
export function connectorFor(connectMs: number, now: () => number = () => performance.now()): Connect {
  let addresses = USUAL_ADDRESSES;
  let avoided: ReadonlySet<string> = new Set();
  let avoidedUntil = 0;
  const lookup: LookupFunction = (hostname, options, callback) => {
    dns.lookup(hostname, options, (error, found, family) => {
      if (error || !Array.isArray(found)) return callback(error, found, family);
      addresses = found.length;
      callback(null, now() < avoidedUntil ? lastOf(found, avoided) : found);
    });
  };
  const byShares = new Map<number, Connect>();
  const connector = (shares: number): Connect => {
    let connect = byShares.get(shares);
    if (!connect) {
      const autoSelectFamilyAttemptTimeout = Math.max(10, Math.floor(connectMs / shares));
      // The port and host are the call's own; the type asks for them here.
      const options = { timeout: connectMs, allowH2: false, lookup, autoSelectFamilyAttemptTimeout };
      byShares.set(shares, (connect = buildConnector(options)));
    }
    return connect;
  };
  return (options, callback) =>
    connector(Math.min(Math.max(addresses, 1), MAX_SHARES))(options, (...result) => {
      // `ip:port` each; the last one connected.
      const tried = result[1]?.autoSelectFamilyAttemptedAddresses;
      if (tried && tried.length > 1) {
        avoided = new Set(tried.slice(0, -1).map(withoutPort));
        avoidedUntil = now() + AVOID_MS;
      }
      callback(...result);
    });
}

function lastOf<A extends { readonly address: string }>(found: readonly A[], avoided: ReadonlySet<string>): A[] {
  const isAvoided = ({ address }: A) => avoided.has(address);
  return [...found.filter((one) => !isAvoided(one)), ...found.filter(isAvoided)];
}

const withoutPort = (tried: string): string => tried.slice(0, tried.lastIndexOf(':'));
