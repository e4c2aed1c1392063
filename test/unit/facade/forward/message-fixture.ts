import type { IncomingMessage } from 'node:http';
import { Connection, Hop, TrustedProxies } from '../../../../src/facade/forward/connection.ts';

/** A request as node:http would have parsed it: raw pairs, and the joined map that follows from them. */
export function messageOf(raw: readonly string[], socket: object = { remoteAddress: '192.0.2.7' }): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    headers[name] = headers[name] === undefined ? (raw[i + 1] as string) : `${headers[name]}, ${raw[i + 1]}`;
  }
  return { rawHeaders: [...raw], headers, socket, httpVersionMinor: 1 } as unknown as IncomingMessage;
}

export const hopOf = (trusted: readonly string[] = []): Hop =>
  new Hop(new TrustedProxies(trusted), ['http://direct.test', undefined]);

/** What the facade of {@link hopOf} writes into Via. */
export const VIA = `1.1 ${hopOf().pseudonym}`;

export const connectionOf = (message: IncomingMessage, trusted: readonly string[] = []): Connection =>
  Connection.of(message, hopOf(trusted));

/** Alternating names and values → pairs, names in lower case. */
export function pairs(headers: readonly string[]): [name: string, value: string][] {
  return headers.flatMap((name, i) => (i % 2 ? [] : [[name.toLowerCase(), headers[i + 1] as string]]));
}

/** All values of one name, in any case. */
export const valuesOf = (headers: readonly string[], name: string): string[] =>
  pairs(headers).flatMap(([one, value]) => (one === name ? [value] : []));
