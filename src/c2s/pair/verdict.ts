import { isJsonMediaType } from '../../http/media.ts';

/**
 * What an error answer of the gateway means. It answers 500 for nearly everything that went wrong behind it, its text
 * being that of the HTTP client's exception: a 404 of Contact2Sale, a refused connection, a reset in the middle of a
 * write and a success with an empty body all look alike by status. Only the beginning of the text is read: ids, URLs
 * and reason phrases follow in it, and those a caller can choose. The texts, as measured: docs/wire/gateway.md.
 */
export type GatewayVerdict =
  /** Contact2Sale itself answered with this status (3xx, 4xx or 5xx). */
  | { readonly kind: 'disguised'; readonly status: number }
  /**
   * A token is not accepted: the facade's by the gateway or a proxy before it, or the gateway's by Contact2Sale. Callers
   * whose own token is wrong never get as far as the gateway.
   */
  | { readonly kind: 'credentials' }
  /** The gateway has no such operation; nothing was sent on. */
  | { readonly kind: 'lacking' }
  /** Contact2Sale answered 2xx, with a body that the gateway could not read as JSON. */
  | { readonly kind: 'done' }
  /** Nothing reached Contact2Sale. */
  | { readonly kind: 'unsent' }
  /**
   * Contact2Sale may have done it or not. `timeout`: there is no text, as its deadline leaves it; a reset leaves the
   * same at once, so the elapsed time decides between 504 and 502.
   */
  | { readonly kind: 'unknown'; readonly timeout: boolean }
  /** The gateway itself refused (404, 405, 422, 400, 503, …); nothing was sent on. */
  | { readonly kind: 'own' };

const OWN: GatewayVerdict = { kind: 'own' };
const CREDENTIALS: GatewayVerdict = { kind: 'credentials' };
const LACKING: GatewayVerdict = { kind: 'lacking' };
const DONE: GatewayVerdict = { kind: 'done' };
const UNSENT: GatewayVerdict = { kind: 'unsent' };
const UNKNOWN: GatewayVerdict = { kind: 'unknown', timeout: false };
const TIMEOUT: GatewayVerdict = { kind: 'unknown', timeout: true };

/**
 * Judges an answer of the gateway with an error status. A 500 that is none of the known texts is `unknown`, and so are
 * 502 and 504 (of a proxy in front of it, or of its lookups): to claim that a write did not happen needs proof.
 */
export function unwrapGatewayError(status: number, contentType: string | undefined, body: Buffer): GatewayVerdict {
  if (status < 500) return refusal(status, contentType, body);
  const answer = isJsonMediaType(contentType) ? objectIn(body) : undefined;
  if (answer && isUnsent(answer)) return UNSENT;
  if (status === 504) return TIMEOUT;
  if (status === 502) return UNKNOWN;
  if (status === 501) return isContact2Sales(answer) ? OWN : LACKING;
  if (status !== 500) return OWN;
  // The TypeScript gateway passes Contact2Sale's own 500 on as it came.
  if (isContact2Sales(answer)) return { kind: 'disguised', status };
  const detail = answer && 'detail' in answer ? answer.detail : undefined;
  if (typeof detail !== 'string') return UNKNOWN;
  if (detail === '') return TIMEOUT;
  const text = detail.startsWith(TEST_PREFIX) ? detail.slice(TEST_PREFIX.length) : detail;
  if (text === 'All connection attempts failed') return UNSENT;
  if (UNREADABLE_SUCCESS.test(text)) return DONE;
  return disguised(text) ?? UNKNOWN;
}

/** FastAPI and the TypeScript gateway never say `error` of their own: Contact2Sale does. */
const isContact2Sales = (answer: object | undefined): boolean => answer !== undefined && 'error' in answer;

/** What FastAPI answers where no route has the path, or the method. Of a thing that is not there it never says just that. */
const LACKING_DETAILS: Readonly<Record<number, string>> = { 404: 'Not Found', 405: 'Method Not Allowed' };

/** An answer below 500: of the gateway itself, or Contact2Sale's own that the TypeScript gateway passed on. */
function refusal(status: number, contentType: string | undefined, body: Buffer): GatewayVerdict {
  if (status === 401) return CREDENTIALS;
  const lacking = LACKING_DETAILS[status];
  if (status !== 403 && lacking === undefined) return OWN;
  const answer = isJsonMediaType(contentType) ? objectIn(body) : undefined;
  if (status === 403) return isContact2Sales(answer) ? OWN : CREDENTIALS;
  return answer && 'detail' in answer && answer.detail === lacking ? LACKING : OWN;
}

/**
 * What Python says of a text that is no JSON. The gateway reads a body only after it has looked at the status, so that
 * Contact2Sale answered 2xx. Matched whole: nothing that a caller wrote is in it.
 */
const UNREADABLE_SUCCESS =
  /^(?:Expecting (?:value|'[,:]' delimiter|property name enclosed in double quotes)|Extra data|Unterminated string starting at|Invalid (?:control character at|\\escape|\\uXXXX escape)): line [0-9]+ column [0-9]+ \(char [0-9]+\)$/;

/** The TypeScript gateway says in so many words when nothing was sent: refused, its budget spent, all places taken. */
function isUnsent(answer: object): boolean {
  if (!('type' in answer) || typeof answer.type !== 'string' || !answer.type.startsWith('urn:c2s-gateway:'))
    return false;
  return 'outcome' in answer && answer.outcome === 'unsent';
}

/** What its /TEST routes put in front. */
const TEST_PREFIX = 'TEST FAILED: ';

/** How httpx names an answer that is no success, and the first digit of the statuses that it says it of. */
const DISGUISES = [
  { opening: "Client error '", digit: '4' },
  { opening: "Server error '", digit: '5' },
  { opening: "Redirect response '", digit: '3' },
] as const;

function disguised(text: string): GatewayVerdict | undefined {
  for (const { opening, digit } of DISGUISES) {
    if (!text.startsWith(opening)) continue;
    // A space follows the three digits: the reason phrase, which may hold quotes or be empty.
    const code = text.slice(opening.length, opening.length + 4);
    return /^[345][0-9]{2} $/.test(code) && code.startsWith(digit)
      ? { kind: 'disguised', status: Number(code) }
      : undefined;
  }
  return undefined;
}

function objectIn(body: Buffer): object | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
