import type { Case } from './cases.ts';
import { dialectOf, isOfGatewayForm, meaningOf, opaque, placeOf, type Asked } from './meaning.ts';
import type { Answer } from './scene.ts';

/**
 * `undefined`: nothing was altered and nothing lost without a word. Else what went wrong.
 * @param isFallback direct answers what the gateway cannot
 */
export function faultOf(asked: Case, answer: Answer, isFallback: boolean): string | undefined {
  const { arrived, status } = answer;
  const { row } = asked;
  if (status >= 400) {
    if (arrived.length > 0) return `${status}, though Contact2Sale was asked`;
    if (answer.path === 'gateway' && isFallback && row.direct.length > 0)
      return `${status} of the gateway, where direct answers`;
    if (status >= 500) return `${status}, which says that it may be sent again`;
    return asked.method === 'HEAD' || isClear(answer) ? undefined : `${status} without a word why`;
  }
  if (status >= 300) return `${status} leads away`;
  const [only, ...more] = arrived;
  if (!only) return `${status}, and Contact2Sale was asked nothing`;
  if (more.length > 0) return `Contact2Sale was asked ${arrived.length} times`;
  return alteration(asked, answer.path, only);
}

/** What of a request did not arrive as it was meant. */
function alteration({ headers, body = Buffer.alloc(0), ...asked }: Case, path: string | undefined, came: Asked) {
  const { 'content-type': contentType, 'content-encoding': contentEncoding } = headers;
  const was = { method: asked.method, target: asked.target, contentType, contentEncoding, body };
  const dialect = dialectOf(was, asked.dialect);
  const place = placeOf(was, dialect);
  const isSameBody = same(opaque(was), opaque(came));
  // Nothing speaks for another spelling where Contact2Sale is asked in its own words, or nobody knows what is asked.
  if (!place || (dialect === 'direct' && path !== 'gateway')) {
    const isAsItCame = isSameBody && same([was.method, was.target], [came.method, came.target]);
    return isAsItCame ? undefined : `asked ${shown(was)}, arrived ${shown(came)}`;
  }
  const { row } = place;
  const arrivedAt = placeOf(came, row.direct.length === 0 ? 'gateway' : 'direct');
  if (!arrivedAt || arrivedAt.endpoint !== (row.direct[0] ?? row.gateway[0])) return `arrived at ${cut(came.target)}`;
  const isPreset = path === 'gateway' || dialect === 'gateway';
  const isRead = path === 'gateway' || isOfGatewayForm(was, row) !== false;
  const asWords = isRead ? dialect : 'direct';
  const cameWords = path === 'gateway' || row.direct.length === 0 ? 'gateway' : 'direct';
  const expected = meaningOf(was, { place, words: asWords, charset: dialect, isPreset });
  // What arrives in the very bytes is read as its caller meant it, whatever that was.
  const charset = isSameBody ? dialect : 'direct';
  const arrived = meaningOf(came, { place: arrivedAt, words: cameWords, charset, isPreset });
  if (arrived !== expected) return `asked ${cut(expected)}, arrived ${cut(arrived)}`;
  return isRead || isSameBody
    ? undefined
    : `asked ${shown(was)}, which is none of the gateway's words, arrived ${shown(came)}`;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const shown = (one: Asked): string => cut(JSON.stringify([one.method, one.target, opaque(one)]));
const cut = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** A problem of the facade, or what the asking dialect calls one. */
function isClear({ body }: Answer): boolean {
  try {
    const { detail, error } = JSON.parse(body.toString()) as Record<string, unknown>;
    const told = detail ?? error;
    return Array.isArray(told) ? told.length > 0 : typeof told === 'string' && told.length >= 10;
  } catch {
    return false;
  }
}

/** What a fault was seen with, to be looked for by hand. */
export function describe({ row, dialect, method, target, headers, body, framing }: Case): string {
  const said = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const text = body === undefined ? 'no body' : JSON.stringify(cut(body.toString('latin1')));
  return `${row.id} (${dialect}) ${method} ${cut(target)} [${said.join(', ')}] ${framing} ${text}`;
}
