import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6, type Socket } from 'node:net';
import type { Problem } from '../../http/problem.ts';
import { chainOf, forwardedNode, plainAddress, type Chain, type Claimed } from './forwarded-chain.ts';

/**
 * What is known of a caller's connection, worked out once per connection and not per request: its address and the
 * x-forwarded-*, forwarded (RFC 7239) and via headers that follow from it. Forwarded headers that the caller sent are
 * replaced, since anyone can write them; only those of a trusted proxy (`server.trustedProxies`) are extended.
 */

const kConnection = Symbol('connection');
type SocketWithConnection = Socket & { [kConnection]?: Connection };

export class TrustedProxies {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** @param ranges addresses or CIDR ranges; the loader has checked them. */
  constructor(ranges: readonly string[]) {
    this.isEmpty = ranges.length === 0;
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    return !this.isEmpty && this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/** How every facade of this project begins its name in Via. */
const FACADE = 'c2s-facade-';
const FACADE_MEMBER = /^1\.[01] c2s-facade-[0-9a-f]{12}$/;

/** What a request is answered that has been here before. */
export const LOOP: Problem = {
  status: 508,
  kind: 'loop',
  detail:
    'The address of an upstream leads back to this facade, so the request was not passed on again. ' +
    'Set upstreams.direct.url and upstreams.gateway.url to where the upstreams are.',
};

/** What a facade is to the hops around it: which of them it believes, and by which name it knows itself again. */
export class Hop {
  readonly trusted: TrustedProxies;
  /**
   * The pseudonym in Via (RFC 9110 7.6.3). It follows from the upstreams, so that all workers and instances which lead
   * to the same places share it, and two facades in a row do not. Of the addresses it shows nothing.
   */
  readonly pseudonym: string;
  readonly #via: Readonly<Record<0 | 1, string>>;

  /** @param upstreams the addresses of the upstreams, in a fixed order. */
  constructor(trusted: TrustedProxies, upstreams: readonly (string | undefined)[]) {
    this.trusted = trusted;
    this.pseudonym = FACADE + hash('sha256', JSON.stringify(upstreams), 'hex').slice(0, 12);
    this.#via = { 0: `1.0 ${this.pseudonym}`, 1: `1.1 ${this.pseudonym}` };
  }

  /** The request has come through this facade before: an upstream's address leads back to it. */
  isLoop({ headers: { via } }: IncomingMessage): boolean {
    return via !== undefined && via.includes(this.pseudonym);
  }

  /**
   * Via for an upstream. Of an untrusted peer only what facades of this project wrote is kept: two that lead to each
   * other would otherwise never see themselves again.
   */
  via({ headers: { via }, httpVersionMinor }: IncomingMessage, isTrusted: boolean): string {
    const own = this.#via[httpVersionMinor === 0 ? 0 : 1];
    if (via === undefined) return own;
    if (isTrusted) return `${via}, ${own}`;
    if (!via.includes(FACADE)) return own;
    const facades = via.split(',').flatMap((member) => (FACADE_MEMBER.test(member.trim()) ? [member.trim()] : []));
    return [...facades, own].join(', ');
  }
}

export class Connection {
  readonly address: string;
  /** Its peer is one of `server.trustedProxies`: what it says of the caller is believed. */
  readonly isTrusted: boolean;
  /** By whom it was judged: a reload may trust others. */
  readonly #hop: Hop;
  readonly #proto: string;
  /** The element for `forwarded`, up to the host, which may change from request to request. */
  readonly #element: string;
  #host: string | undefined;
  #forwarded = '';
  /** What a trusted proxy said last, and what follows from it: most say the same of request after request. */
  #claimed: Claimed | undefined;
  #chain: Chain | undefined;

  constructor(socket: Socket, hop: Hop) {
    this.address = plainAddress(socket.remoteAddress ?? 'unknown');
    this.#hop = hop;
    this.isTrusted = hop.trusted.has(this.address);
    this.#proto = 'encrypted' in socket ? 'https' : 'http';
    this.#element = `for=${forwardedNode(this.address)};proto=${this.#proto}`;
  }

  /** The connection that a request came on. */
  static of(req: IncomingMessage, hop: Hop): Connection {
    const socket = req.socket as SocketWithConnection;
    const known = socket[kConnection];
    return known && known.#hop === hop ? known : (socket[kConnection] = new Connection(socket, hop));
  }

  /** Adds x-forwarded-for, -host, -proto, forwarded and via to the headers of an upstream request. */
  pushForwarded(req: IncomingMessage, headers: string[]): void {
    const host = req.headers.host ?? '';
    if (host !== this.#host) {
      this.#host = host;
      this.#chain = undefined;
      this.#forwarded = host === '' ? this.#element : `${this.#element};host="${host}"`;
    }
    if (this.isTrusted) {
      this.#pushChain(req, headers);
    } else {
      headers.push('x-forwarded-for', this.address);
      if (host !== '') headers.push('x-forwarded-host', host);
      headers.push('x-forwarded-proto', this.#proto, 'forwarded', this.#forwarded);
    }
    headers.push('via', this.#hop.via(req, this.isTrusted));
  }

  #pushChain(req: IncomingMessage, headers: string[]): void {
    const chain = this.#chainOf(claimedIn(req));
    headers.push('x-forwarded-for', chain.xForwardedFor);
    if (chain.host !== undefined) headers.push('x-forwarded-host', chain.host);
    headers.push('x-forwarded-proto', chain.proto);
    if (chain.port !== undefined) headers.push('x-forwarded-port', chain.port);
    headers.push('forwarded', chain.forwarded);
  }

  #chainOf(claimed: Claimed): Chain {
    if (this.#chain && this.#claimed && isSameClaim(claimed, this.#claimed)) return this.#chain;
    this.#claimed = claimed;
    const peer = { address: this.address, proto: this.#proto, host: this.#host ?? '' };
    return (this.#chain = chainOf(claimed, peer));
  }
}

function claimedIn({ headers }: IncomingMessage): Claimed {
  return {
    xForwardedFor: joined(headers['x-forwarded-for']),
    xForwardedProto: joined(headers['x-forwarded-proto']),
    xForwardedHost: joined(headers['x-forwarded-host']),
    xForwardedPort: joined(headers['x-forwarded-port']),
    forwarded: headers.forwarded,
  };
}

const joined = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

function isSameClaim(one: Claimed, other: Claimed): boolean {
  return (
    one.xForwardedFor === other.xForwardedFor &&
    one.xForwardedProto === other.xForwardedProto &&
    one.xForwardedHost === other.xForwardedHost &&
    one.xForwardedPort === other.xForwardedPort &&
    one.forwarded === other.forwarded
  );
}
