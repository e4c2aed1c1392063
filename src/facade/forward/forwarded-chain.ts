import { isIPv4, isIPv6 } from 'node:net';
import { isHost } from '../../http/request-head.ts';

/**
 * What trusted proxies say of a request, in both families of headers: X-Forwarded-* and Forwarded (RFC 7239). A proxy
 * often writes one of them and passes the other on as a caller wrote it. So the two are read into one chain, from the
 * caller to this facade's peer, and written out again from it: whichever an upstream reads, it reads the same.
 *
 * Where the two contradict, X-Forwarded-* is believed: it is what nearly all proxies write themselves. Everything here
 * is linear in the length of what was sent.
 */

/** The values as sent, several lines of one name joined by commas. */
export interface Claimed {
  readonly xForwardedFor: string | undefined;
  readonly xForwardedProto: string | undefined;
  readonly xForwardedHost: string | undefined;
  readonly xForwardedPort: string | undefined;
  readonly forwarded: string | undefined;
}

/** The peer of this connection, and what it asked for. */
interface Peer {
  readonly address: string;
  readonly proto: string;
  /** Valid, or empty: none. */
  readonly host: string;
}

/** What is sent to an upstream. */
export interface Chain {
  readonly xForwardedFor: string;
  readonly proto: string;
  /** Undefined: nobody said one. */
  readonly host: string | undefined;
  /** Undefined: the default of the scheme, or not known. */
  readonly port: string | undefined;
  readonly forwarded: string;
}

interface ForwardedNode {
  /** An address (IPv6 without brackets and zone), `unknown`, or an obfuscated `_name`. */
  readonly address: string;
  readonly port: string | undefined;
}

/** A proxy's view of its peer: an element of Forwarded. */
interface ForwardedHop {
  node: ForwardedNode | undefined;
  proto: string | undefined;
  host: string | undefined;
  /** `by` and extensions, as sent. */
  readonly further: string;
}

/** Nobody has so many proxies; of more, those next to the facade count. */
const MAX_HOPS = 100;

export function chainOf(claimed: Claimed, peer: Peer): Chain {
  const hops = hopsOf(claimed);
  assign(hops, 'proto', listOf(claimed.xForwardedProto).map(asProto));
  assign(hops, 'host', listOf(claimed.xForwardedHost).map(asHost));
  const said = {
    proto: firstOf(hops, 'proto') ?? asProto(firstIn(claimed.xForwardedProto)),
    host: firstOf(hops, 'host') ?? asHost(firstIn(claimed.xForwardedHost)),
  };
  const proto = said.proto ?? peer.proto;
  const host = said.host ?? (peer.host === '' ? undefined : peer.host);
  const port = portIn(said.host) ?? asPort(firstIn(claimed.xForwardedPort));
  const first = hops.find((hop) => hop.host !== undefined);
  if (first && port !== undefined) first.host = withPort(first.host as string, port, proto);
  // Said once: what the proxies say of the caller is not contradicted by what the last of them said to us.
  const own: ForwardedHop = {
    node: nodeOf(peer.address),
    proto: firstOf(hops, 'proto') === undefined ? proto : undefined,
    host: first || host === undefined ? undefined : withPort(host, port, proto),
    further: '',
  };
  const all = [...hops, own];
  return {
    xForwardedFor: all.flatMap(({ node }) => (node ? [node.address] : [])).join(', '),
    proto,
    host,
    port,
    forwarded: all.map(elementOf).join(', '),
  };
}

/** The hops before the peer, from the caller on. */
function hopsOf({ xForwardedFor, forwarded }: Claimed): ForwardedHop[] {
  const elements = forwarded === undefined ? [] : (parseForwarded(forwarded) ?? []);
  if (xForwardedFor === undefined) return elements;
  const nodes = listOf(xForwardedFor).map(nodeOf);
  const isSame = nodes.length === elements.length && nodes.every((node, i) => isSameNode(node, elements[i]?.node));
  if (isSame) return elements;
  return nodes.map((node) => ({ node, proto: undefined, host: undefined, further: '' }));
}

const isSameNode = (one: ForwardedNode, other: ForwardedNode | undefined): boolean => one.address === other?.address;

/** A list as long as the chain speaks of every hop; any other speaks of the request as it was first sent. */
function assign(hops: ForwardedHop[], key: 'proto' | 'host', values: readonly (string | undefined)[]): void {
  if (values[0] === undefined) return;
  hops.forEach((hop, i) => (hop[key] = values.length === hops.length || i === 0 ? values[i] : undefined));
}

function firstOf(hops: readonly ForwardedHop[], key: 'proto' | 'host'): string | undefined {
  return hops.find((hop) => hop[key] !== undefined)?.[key];
}

function elementOf({ node, proto, host, further }: ForwardedHop): string {
  const pairs = [];
  if (node) pairs.push(`for=${nodeText(node)}`);
  if (proto !== undefined) pairs.push(`proto=${proto}`);
  if (host !== undefined) pairs.push(`host="${host}"`);
  if (further !== '') pairs.push(further);
  // Of an element that says nothing: at least that there was a hop.
  return pairs.length === 0 ? 'for=unknown' : pairs.join(';');
}

/** As RFC 7239 6 writes a node. @param node with or without a port. */
function nodeText({ address, port }: ForwardedNode): string {
  const bare = isIPv6(address) ? `[${address}]` : address;
  if (port !== undefined) return `"${bare}:${port}"`;
  return bare === address ? address : `"${bare}"`;
}

/** The `for` of an element for this address: `192.0.2.7`, `"[2001:db8::7]"`. */
export const forwardedNode = (address: string): string => nodeText(nodeOf(address));

/** Without the zone, which means something on the machine alone that said it, and IPv4 as what it is. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  const mapped = plain.startsWith('::ffff:') ? plain.slice(7) : '';
  return isIPv4(mapped) ? mapped : plain;
}

/** An address with or without a port, in brackets or not, `unknown` or `_name`; whatever else it is, is `unknown`. */
function nodeOf(text: string): ForwardedNode {
  const closing = text.charCodeAt(0) === BRACKET ? text.indexOf(']') : -1;
  const colon = closing < 0 ? text.indexOf(':') : text.indexOf(':', closing);
  const isBareIPv6 = closing < 0 && colon >= 0 && text.indexOf(':', colon + 1) >= 0;
  const end = colon < 0 || isBareIPv6 ? text.length : colon;
  const address = plainAddress(closing < 0 ? text.slice(0, end) : text.slice(1, closing));
  const port = end < text.length ? asPort(text.slice(end + 1)) : undefined;
  if (isIPv4(address) || isIPv6(address)) return { address, port };
  return { address: /^_[\w.-]{1,64}$/.test(address) ? address : 'unknown', port };
}

const BRACKET = 0x5b;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * `for=1.2.3.4;proto=https, for="[::1]:80"` as elements. Undefined when it is not what RFC 7239 4 says: nobody knows
 * then where an element ends.
 */
function parseForwarded(text: string): ForwardedHop[] | undefined {
  const hops: ForwardedHop[] = [];
  const reader = new HeaderReader(text);
  for (;;) {
    const hop = reader.element();
    if (!hop) return undefined;
    if (hop !== EMPTY) hops.push(hop);
    if (reader.isAtEnd) return hops.slice(-MAX_HOPS);
    if (!reader.take(COMMA)) return undefined;
  }
}

const EMPTY: ForwardedHop = { node: undefined, proto: undefined, host: undefined, further: '' };

/** Reads every character once. */
class HeaderReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpaces();
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Takes a separator and the spaces around it. */
  take(separator: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== separator) return false;
    this.#at++;
    this.#skipSpaces();
    return true;
  }

  /** Pairs up to a comma or the end; {@link EMPTY}: there are none; undefined: malformed. */
  element(): ForwardedHop | undefined {
    const further: string[] = [];
    let hop: ForwardedHop | undefined;
    do {
      const begin = this.#at;
      const name = this.#token().toLowerCase();
      if (name === '') continue;
      if (this.#text.charCodeAt(this.#at++) !== EQUALS) return undefined;
      const value = this.#value();
      if (value === undefined) return undefined;
      hop ??= { node: undefined, proto: undefined, host: undefined, further: '' };
      if (name === 'for') hop.node ??= nodeOf(value);
      else if (name === 'proto') hop.proto ??= asProto(value);
      else if (name === 'host') hop.host ??= asHost(value);
      else further.push(this.#text.slice(begin, this.#at));
      this.#skipSpaces();
    } while (this.take(SEMICOLON));
    return hop ? { ...hop, further: further.join(';') } : EMPTY;
  }

  #value(): string | undefined {
    if (this.#text.charCodeAt(this.#at) !== QUOTE) {
      const token = this.#token();
      return token === '' ? undefined : token;
    }
    let value = '';
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      const c = this.#text.charCodeAt(i);
      if (c === QUOTE) {
        this.#at = i + 1;
        return value;
      }
      if (c === BACKSLASH) i++;
      value += this.#text[i] ?? '';
    }
    return undefined;
  }

  /** Also takes `:`, `[` and `]`, which proxies write without the quotes that they need. */
  #token(): string {
    const begin = this.#at;
    while (this.#at < this.#text.length && isTokenCharacter(this.#text.charCodeAt(this.#at))) this.#at++;
    return this.#text.slice(begin, this.#at);
  }

  #skipSpaces(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== SPACE && c !== TAB) return;
      this.#at++;
    }
  }
}

function isTokenCharacter(c: number): boolean {
  if (c <= SPACE || c >= 0x7f) return false;
  return c !== COMMA && c !== SEMICOLON && c !== EQUALS && c !== QUOTE && c !== BACKSLASH;
}

/** The members of a comma-separated list that are not empty; the last {@link MAX_HOPS} of them. */
function listOf(list: string | undefined): string[] {
  if (list === undefined) return [];
  const members = list.split(',').flatMap((member) => {
    const trimmed = member.trim();
    return trimmed === '' ? [] : [trimmed];
  });
  return members.length > MAX_HOPS ? members.slice(-MAX_HOPS) : members;
}

const firstIn = (list: string | undefined): string | undefined => listOf(list)[0];

const asProto = (text: string | undefined): string | undefined => {
  const proto = text?.toLowerCase();
  return proto === 'http' || proto === 'https' || proto === 'ws' || proto === 'wss' ? proto : undefined;
};

const asHost = (text: string | undefined): string | undefined =>
  text !== undefined && isHost(text) ? text : undefined;

const asPort = (text: string | undefined): string | undefined =>
  text !== undefined && /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? text : undefined;

/** The port of a valid host; undefined: none. */
function portIn(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const colon = host.indexOf(':', host.indexOf(']') + 1);
  return colon < 0 ? undefined : asPort(host.slice(colon + 1));
}

/** A host as Forwarded has it: with its port, where that is not the default of the scheme. */
function withPort(host: string, port: string | undefined, proto: string): string {
  const isDefault = port === undefined || port === (proto === 'https' || proto === 'wss' ? '443' : '80');
  return isDefault || portIn(host) !== undefined ? host : `${host.replace(/:$/, '')}:${port}`;
}
