import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { SandboxContact2Sale } from '../../src/c2s/sandbox/index.ts';
import type { Case } from './cases.ts';

/** How one gateway differs from one case; empty: it does as the contract says. */
export type Differences = readonly string[];

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Raw on purpose: fetch would tidy the path up before it is sent. */
function send(baseUrl: string, { method, target, body, contentType = 'application/json' }: Case): Promise<Answered> {
  const { hostname, port } = new URL(baseUrl);
  const headers = body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** Members that `expected` names and `actual` has otherwise; lists must have the same length. */
function unlike(expected: unknown, actual: unknown, at: string): string[] {
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(expected, actual) ? [] : [`${at}: ${show(actual)} instead of ${show(expected)}`];
  }
  if (typeof actual !== 'object' || actual === null) return [`${at}: ${show(actual)} instead of ${show(expected)}`];
  if (Array.isArray(expected) && (actual as unknown[]).length !== expected.length) {
    return [`${at}: ${show(actual)} instead of ${show(expected)}`];
  }
  return Object.entries(expected).flatMap(([key, value]) =>
    unlike(value, (actual as Record<string, unknown>)[key], `${at}.${key}`),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs one case. `c2s` stands behind the gateway; it is left without faults and received requests. */
export async function runCase(baseUrl: string, c2s: SandboxContact2Sale, one: Case): Promise<Differences> {
  c2s.clearReceived();
  c2s.crm.subscriptions.set('on_create_lead', 'https://example.com/hook');
  if (one.fault) c2s.faults.add(one.fault);
  try {
    const answered = await send(baseUrl, one);
    return [...unlikeAnswer(one, answered, c2s.url), ...unlikeSent(one, c2s)];
  } finally {
    c2s.faults.clear();
    c2s.clearReceived();
  }
}

function unlikeAnswer({ expected }: Case, { status, headers, text }: Answered, internal: string): string[] {
  const differences = unlike({ status: expected.status, ...expected.headers }, { ...headers, status }, 'answer');
  if (expected.json !== undefined) differences.push(...unlike(expected.json, parsed(text), 'body'));
  if (text.includes(new URL(internal).host)) differences.push('the answer holds the internal address');
  return differences;
}

function unlikeSent({ expected: { arrivals, sent } }: Case, { received }: SandboxContact2Sale): string[] {
  const [fewest, most] = arrivals;
  const differences: string[] = [];
  if (received.length < fewest || received.length > most) {
    differences.push(
      `${received.length} requests arrived instead of ${fewest === most ? most : `${fewest} to ${most}`}`,
    );
  }
  const [first] = received;
  if (sent && first) {
    const { method, path, query, body } = first;
    const seen = body === undefined ? { method, path, query } : { method, path, query, body };
    if (show(seen) !== show(sent) && !sameMembers(seen, sent))
      differences.push(`sent ${show(seen)} instead of ${show(sent)}`);
  }
  return differences;
}

/** Equal whatever the order of the keys. */
const sameMembers = (a: unknown, b: unknown): boolean => unlike(a, b, '').length === 0 && unlike(b, a, '').length === 0;
