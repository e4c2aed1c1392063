import type { Case } from './cases.ts';
import { meaningOf, opaque } from './meaning.ts';
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
  const { headers, body = Buffer.alloc(0) } = asked;
  const { 'content-type': contentType, 'content-encoding': contentEncoding } = headers;
  const was = { method: asked.method, target: asked.target, contentType, contentEncoding, body };
  const isPreset = answer.path === 'gateway' || asked.dialect === 'gateway';
  const expected = meaningOf(was, asked.dialect, isPreset);
  const arrivedIn = row.direct.length === 0 || isAsItCame(expected) ? asked.dialect : 'direct';
  // What arrives in the very bytes is read as its caller meant it, whatever that was.
  const isSame = JSON.stringify(opaque(was)) === JSON.stringify(opaque(only));
  const came = meaningOf(only, arrivedIn, isPreset);
  if (came === expected) return undefined;
  if (isSame && withoutBody(came) === withoutBody(expected)) return undefined;
  return `asked ${cut(expected)}, arrived ${cut(came)}`;
}

const withoutBody = (meaning: string): string => JSON.stringify((JSON.parse(meaning) as unknown[]).slice(0, 4));

const isAsItCame = (meaning: string): boolean => meaning.startsWith('["as it came"');
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
