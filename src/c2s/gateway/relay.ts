import type { IncomingHttpHeaders } from 'node:http';
import { problem } from './answer.ts';
import type { Answer } from './answer.ts';
import type { UpstreamAnswer, UpstreamFault } from '../../http/buffered-exchange.ts';

/**
 * What an upstream (Contact2Sale, the ads gateway) answered, as the gateway's answer. Success is 200, as the Python gateway's callers know it
 * (204 when there is no body, which it could not do); every error keeps its own status and body.
 */

/** Names that say something to the caller. All others, cookies and addresses among them, stay here. */
const PASSED = [
  'content-type',
  'content-encoding',
  'retry-after',
  'etag',
  'last-modified',
  'x-total-count',
  'total-entries',
  'total-pages',
  'current-page',
] as const;

/** A link to another page of the same list (RFC 8288), whatever address it names. */
const PAGE_LINK = /<[^<>?]*(\?[^<>]*)>\s*;\s*rel="?(first|prev|next|last)"?/g;

/** The same pages of the gateway's own list: a reference of a query alone (RFC 3986 5.2.2), since the path is the caller's. */
const pageLinks = (link: string): string =>
  [...link.matchAll(PAGE_LINK)].map(([, query, rel]) => `<${query}>; rel="${rel}"`).join(', ');

function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED) {
    const value = headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  const links = typeof headers.link === 'string' ? pageLinks(headers.link) : '';
  if (links !== '') passed.link = links;
  return passed;
}

/** The answer to pass on. A redirect or a 304 is no answer to what was asked: 502, its Location kept back. */
export function relay(answer: UpstreamAnswer, requestId: string): Answer {
  const { status, body } = answer;
  if (status >= 300 && status < 400) {
    const detail = `The upstream answered with a redirect (${status}), which is not followed.`;
    return problem(
      { name: 'unusable-answer', status: 502, title: 'Unusable answer', detail, outcome: 'unknown' },
      requestId,
    );
  }
  const success = status < 300;
  const own = success ? (body.length === 0 ? 204 : 200) : status;
  return { status: own, headers: passedHeaders(answer.headers), body };
}

const FAULTS = {
  unreachable: [502, 'The upstream cannot be reached', 'No connection could be made.'],
  'connection-lost': [502, 'The connection to the upstream was lost', 'It ended before the answer was complete.'],
  'unusable-answer': [502, 'Unusable answer', 'The answer of the upstream cannot be read.'],
  deadline: [504, 'The upstream did not answer in time', 'The deadline passed.'],
  'caller-left': [499, 'The caller left', 'The caller closed the connection.'],
} as const;

/** A fault as a problem document that says whether a write may be sent again. */
export function faultAnswer(fault: UpstreamFault, requestId: string): Answer {
  const [status, title, detail] = FAULTS[fault.kind];
  const name = fault.kind === 'caller-left' ? 'internal' : fault.kind;
  return problem({ name, status, title, detail, outcome: fault.unsent ? 'unsent' : 'unknown' }, requestId);
}
