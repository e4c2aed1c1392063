import type { IncomingMessage } from 'node:http';
import type { AnswerRewriter } from './answer-rewriter.ts';
import type { Connection } from './connection.ts';
import type { ShownToken } from '../dialect/token-header.ts';
import { latin1Text } from '../../http/latin1.ts';
import { decremented, METHOD_OVERRIDES } from '../../http/request-head.ts';
import { asCgiReads, isForwardingHeader } from './request-names.ts';

/**
 * Header hygiene, both ways, on raw name/value pairs: the caller's case, order and duplicates (Set-Cookie) survive.
 * What belongs to one connection only (RFC 9110 7.6.1, and whatever `Connection` lists) ends here, in both directions,
 * before ours are added. What to do with a name is looked up by its spelling; the spellings of all callers are few.
 */

const KEEP = 0;
const DROP = 1;
/** Names further headers that belong to this connection. */
const CONNECTION = 2;
const CREDENTIALS = 3;
/** Replaced by the facade, so that nobody can spoof it. */
const FORWARDED = 4;
/** May point at an upstream. */
const LOCATION = 5;
const DATE = 6;
const RETRY_AFTER = 7;
const CONTENT_TYPE = 8;
const CONTENT_LENGTH = 9;
/** Says what a proxy knows of the caller: kept from trusted ones. */
const CLAIM = 10;
const MAX_FORWARDS = 11;
const REFRESH = 12;
const LINK = 13;
const SET_COOKIE = 14;
/** Which page of a browser the caller is. */
const ORIGIN = 15;
type Action = number;

const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

const REQUEST_ACTIONS: Readonly<Record<string, Action>> = {
  ...Object.fromEntries(HOP_BY_HOP.map((name) => [name, DROP])),
  'proxy-authorization': DROP,
  // Answered by the facade: undici refuses to send it, and the upstream is only asked once the body is there.
  expect: DROP,
  host: DROP,
  // Sent back out by us, once.
  'x-request-id': DROP,
  connection: CONNECTION,
  origin: ORIGIN,
  forwarded: FORWARDED,
  'x-forwarded-for': FORWARDED,
  'x-forwarded-host': FORWARDED,
  'x-forwarded-proto': FORWARDED,
  'x-forwarded-port': FORWARDED,
  via: FORWARDED,
  'max-forwards': MAX_FORWARDS,
  // Named here so that their look-alikes are dropped.
  ...Object.fromEntries(METHOD_OVERRIDES.map((name) => [name, KEEP])),
  'content-length': CONTENT_LENGTH,
  'content-type': CONTENT_TYPE,
  // Of a body that the facade rewrites they would be wrong.
  ...Object.fromEntries(
    ['content-md5', 'digest', 'content-digest', 'repr-digest', 'unencoded-digest'].map((name) => [name, CONTENT_TYPE]),
  ),
};

/** What the table does not list by itself. @param name in lower case. */
function furtherRequestAction(listed: Readonly<Record<string, Action>>, name: string): Action | undefined {
  if (isForwardingHeader(name)) return CLAIM;
  const read = asCgiReads(name);
  // A look-alike is dropped and never taken for the real one; from a trusted proxy, too, since it passed it on unread.
  const isLookAlike = read !== name && (Object.hasOwn(listed, read) || isForwardingHeader(read) || isOurs(read));
  return isLookAlike ? DROP : undefined;
}

const RESPONSE_ACTIONS: Readonly<Record<string, Action>> = {
  ...Object.fromEntries(HOP_BY_HOP.map((name) => [name, DROP])),
  'proxy-authenticate': DROP,
  'proxy-authentication-info': DROP,
  'x-request-id': DROP,
  // Where else the upstream's origin can be reached (RFC 7838); said by the facade it would be said of the facade's.
  'alt-svc': DROP,
  // Names hosts behind the facade; the facade's own takes its place (RFC 9110 7.6.3).
  via: DROP,
  connection: CONNECTION,
  refresh: REFRESH,
  link: LINK,
  'set-cookie': SET_COOKIE,
  location: LOCATION,
  'content-location': LOCATION,
  date: DATE,
  'retry-after': RETRY_AFTER,
  'content-type': CONTENT_TYPE,
  'content-length': CONTENT_LENGTH,
};

/** Spellings seen so far. Bounded: a caller that invents names must not fill the memory. */
const MAX_KNOWN_SPELLINGS = 1_000;

/** Ours alone, in both directions, and so is what a CGI-like reader takes for one of ours. */
const isOurs = (name: string): boolean => asCgiReads(name).startsWith('x-facade-');

class Actions {
  readonly #byName: Readonly<Record<string, Action>>;
  readonly #further: (name: string) => Action | undefined;
  readonly #bySpelling = new Map<string, Action>();

  /** @param further of names that are not listed by themselves. */
  constructor(
    byName: Readonly<Record<string, Action>>,
    further: (name: string) => Action | undefined = () => undefined,
  ) {
    this.#byName = byName;
    this.#further = further;
  }

  of(spelling: string): Action {
    const known = this.#bySpelling.get(spelling);
    if (known !== undefined) return known;
    const name = spelling.toLowerCase();
    const listed = Object.hasOwn(this.#byName, name) ? this.#byName[name] : this.#further(name);
    const action = isOurs(name) ? DROP : (listed ?? KEEP);
    if (this.#bySpelling.size < MAX_KNOWN_SPELLINGS) this.#bySpelling.set(spelling, action);
    return action;
  }
}

/** What becomes of each header of a request. Made once for a pair of APIs. */
export type RequestRules = Actions;

/** @param credentials headers in lower case that carry a token (dialect/token-header.ts). */
export function requestRules(credentials: ReadonlySet<string>): RequestRules {
  const carrying = Object.fromEntries([...credentials].map((name) => [name, CREDENTIALS]));
  const listed: Readonly<Record<string, Action>> = { ...REQUEST_ACTIONS, ...carrying };
  return new Actions(listed, (name) => furtherRequestAction(listed, name));
}

const responseActions = new Actions(RESPONSE_ACTIONS);

/** How the credentials of a request leave the facade. */
export interface Credentials {
  /** Pass the caller's own on, untouched. */
  readonly keep: boolean;
  /** Sent in their place, if any. */
  readonly sent: ShownToken | undefined;
  /** Knows which headers carry credentials. */
  readonly rules: RequestRules;
  /**
   * Origin goes no further: it told whose page the caller is, and whoever asks now is the facade. A gateway that is open
   * on loopback refuses pages of strangers (c2s/gateway/handler.ts).
   */
  readonly dropOrigin?: boolean;
}

/** A body that is not streamed as it came. */
export interface HeldBody {
  readonly length: number;
  /** The facade wrote it, so it is JSON, whatever the caller called its own. */
  readonly isTranslated: boolean;
}

/**
 * The headers of an upstream request as undici takes them, name and value alternating; Host is undici's.
 * @param held says what the body is in place of the caller's own headers; undefined keeps what those said.
 */
export function requestHeaders(
  req: IncomingMessage,
  connection: Connection,
  credentials: Credentials,
  requestId: string,
  held: HeldBody | undefined,
): string[] {
  const { rules, sent } = credentials;
  const raw = req.rawHeaders;
  const listed = connectionOptions(req.headers.connection);
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const action = rules.of(name);
    if (action !== KEEP && !isKept(action, credentials, held, connection)) continue;
    if (listed?.has(name.toLowerCase())) continue;
    // Other methods may ignore it (RFC 9110 7.6.2), and so does the facade.
    if (action === MAX_FORWARDS && req.method === 'OPTIONS') pushDecremented(headers, name, raw[i + 1] as string);
    else headers.push(name, raw[i + 1] as string);
  }
  if (held) {
    headers.push('content-length', String(held.length));
    if (held.isTranslated) headers.push('content-type', 'application/json');
  }
  if (sent !== undefined) headers.push(sent[0], sent[1]);
  headers.push('x-request-id', requestId);
  connection.pushForwarded(req, headers);
  return headers;
}

function pushDecremented(headers: string[], name: string, maxForwards: string): void {
  const left = decremented(maxForwards);
  if (left !== undefined) headers.push(name, left);
}

function isKept(
  action: Action,
  credentials: Credentials,
  held: HeldBody | undefined,
  { isTrusted }: Connection,
): boolean {
  switch (action) {
    case CREDENTIALS:
      return credentials.keep;
    case ORIGIN:
      return !credentials.dropOrigin;
    case CONTENT_LENGTH:
      return held === undefined;
    case CONTENT_TYPE:
      return !held?.isTranslated;
    case CLAIM:
      return isTrusted;
    case MAX_FORWARDS:
      return true;
    default:
      return false;
  }
}

/** The Via of an answer (RFC 9110 7.6.3): the version that the upstream spoke, and a name that is no host's. */
export function viaOf(isHttp10: boolean): string {
  return isHttp10 ? '1.0 c2s-facade' : '1.1 c2s-facade';
}

/** What the facade must know of an answer, read in the same pass that cleans its headers. */
export interface AnswerHeaders {
  /** Name and value alternating, as writeHead takes them. */
  readonly headers: string[];
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
  readonly retryAfter: string | undefined;
}

/**
 * The headers of an answer, cleaned.
 * @param raw undici's: names and values alternating, bytes.
 * @param dropDate the gateway stamps its connection's age on it; node adds a true one.
 */
export function responseHeaders(
  raw: readonly (Buffer | string)[],
  rewrite: AnswerRewriter,
  dropDate: boolean,
): AnswerHeaders {
  const headers: string[] = [];
  let listed: Set<string> | undefined;
  let contentType: string | undefined, contentLength: string | undefined, retryAfter: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = latin1Text(raw[i] as Buffer | string);
    const action = responseActions.of(name);
    if (action === DROP || (action === DATE && dropDate)) continue;
    let value = latin1Text(raw[i + 1] as Buffer | string);
    switch (action) {
      case CONNECTION:
        listed = connectionOptions(value, listed);
        continue;
      case LOCATION:
        value = rewrite.location(value);
        break;
      case REFRESH:
        value = rewrite.refresh(value);
        break;
      case LINK:
        value = rewrite.link(value);
        break;
      case SET_COOKIE:
        value = rewrite.cookie(value);
        break;
      case CONTENT_TYPE:
        contentType = value;
        break;
      case CONTENT_LENGTH:
        contentLength = value;
        break;
      case RETRY_AFTER:
        retryAfter = value;
        break;
    }
    headers.push(name, value);
  }
  return { headers: listed ? without(headers, listed) : headers, contentType, contentLength, retryAfter };
}

/** 204 and 205 end with their head (RFC 9110 15.3.5, 15.3.6), whatever an upstream sends behind it. */
export const hasNoBody = (status: number): boolean => status === 204 || status === 205;

/** The headers of an answer that has no body: 204 says no length (RFC 9110 8.6), 205 says none. */
export function bodiless(status: number, headers: readonly string[]): string[] {
  const kept = headers.filter((_, i) => (headers[i & ~1] as string).toLowerCase() !== 'content-length');
  if (status === 205) kept.push('content-length', '0');
  return kept;
}

/**
 * The reason phrase to answer with; undefined: the usual one. node:http refuses control characters by throwing, and
 * undici reads the bytes as UTF-8, so beyond ASCII they are not what came. Nothing may depend on it (RFC 9112 4).
 */
export function reasonPhrase(sent: string | undefined): string | undefined {
  return sent === 'OK' || (sent !== undefined && /^[\t\x20-\x7e]+$/.test(sent)) ? sent : undefined;
}

function without(headers: readonly string[], listed: ReadonlySet<string>): string[] {
  return headers.filter((_, i) => !listed.has((headers[i & ~1] as string).toLowerCase()));
}

/** What a Connection header lists, beyond keep-alive and close, which name no header; undefined when nothing. */
function connectionOptions(value: string | undefined, found?: Set<string>): Set<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close' || value === 'Keep-Alive') return found;
  for (const part of value.split(',')) {
    const option = part.trim().toLowerCase();
    // A caller that lists these would have us forward a request without its length: smuggling (RFC 9110 7.6.1).
    if (option === '' || option === 'content-length' || option === 'host') continue;
    (found ??= new Set()).add(option);
  }
  return found;
}

const CONDITIONAL = [
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
  'range',
] as const;

/** Does the answer depend on what the caller has already? Then two sides may answer it differently and both be right. */
export function isConditional(headers: IncomingMessage['headers']): boolean {
  return CONDITIONAL.some((name) => headers[name] !== undefined);
}
