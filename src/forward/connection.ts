import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6, type Socket } from 'node:net';

/**
 * What is known of a caller's connection, worked out once per connection and not per request: its address and the
 * x-forwarded-*, forwarded (RFC 7239) and via headers that follow from it. Forwarded headers that the caller sent are
 * replaced, since anyone can write them; only those of a trusted proxy (`server.trustedProxies`) are extended.
 */

const VIA = '1.1 c2s-facade';
const kConnection = Symbol('connection');
type Carrier = Socket & { [kConnection]?: Connection };

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

export class Connection {
  readonly address: string;
  /** The table's list that it was judged by: a reload may have another. */
  readonly #judgedBy: TrustedProxies;
  readonly #trusted: boolean;
  readonly #proto: string;
  /** The element for `forwarded`, up to the host, which may change from request to request. */
  readonly #element: string;
  #host: string | undefined;
  #forwarded = '';

  constructor(socket: Socket, trusted: TrustedProxies) {
    this.address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
    this.#judgedBy = trusted;
    this.#trusted = trusted.has(this.address);
    this.#proto = 'encrypted' in socket ? 'https' : 'http';
    const node = isIPv6(this.address) ? `"[${this.address}]"` : this.address;
    this.#element = `for=${node};proto=${this.#proto}`;
  }

  /** The connection that a request came on. */
  static of(req: IncomingMessage, trusted: TrustedProxies): Connection {
    const socket = req.socket as Carrier;
    const known = socket[kConnection];
    return known && known.#judgedBy === trusted ? known : (socket[kConnection] = new Connection(socket, trusted));
  }

  /** Adds x-forwarded-for, -host, -proto, forwarded and via to the headers of an upstream request. */
  pushForwarded(req: IncomingMessage, headers: string[]): void {
    const host = req.headers.host ?? '';
    if (host !== this.#host) {
      this.#host = host;
      // A quoted-string holds what a Host may hold; a quote or backslash cannot occur in a valid one.
      const isPlain = !/["\\]/.test(host) && host !== '';
      this.#forwarded = isPlain ? `${this.#element};host="${host}"` : this.#element;
    }
    if (this.#trusted) return this.#pushExtended(req, headers);
    headers.push('x-forwarded-for', this.address, 'x-forwarded-host', host, 'x-forwarded-proto', this.#proto);
    headers.push('forwarded', this.#forwarded, 'via', VIA);
  }

  #pushExtended(req: IncomingMessage, headers: string[]): void {
    const given = (name: string) => {
      const value = req.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const extend = (before: string | undefined, own: string) => (before ? `${before}, ${own}` : own);
    headers.push(
      'x-forwarded-for',
      extend(given('x-forwarded-for'), this.address),
      'x-forwarded-host',
      given('x-forwarded-host') ?? this.#host ?? '',
      'x-forwarded-proto',
      given('x-forwarded-proto') ?? this.#proto,
      'forwarded',
      extend(given('forwarded'), this.#forwarded),
      'via',
      extend(given('via'), VIA),
    );
  }
}
