import { request } from 'node:http';
import { afterEach } from 'vitest';
import { SEED_LEAD_IDS, startContact2Sale } from '../../../../src/c2s/sandbox/index.ts';
import type { SandboxContact2Sale, Contact2SaleOptions } from '../../../../src/c2s/sandbox/index.ts';

export const TOKEN = 'token-of-the-tests';
export const LEAD = SEED_LEAD_IDS[0] ?? '';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** Closed again when the test ends. */
export function closing<T extends { close(): Promise<void> }>(each: T): T {
  open.push(each);
  return each;
}

export async function contact2sale(options: Partial<Contact2SaleOptions> = {}): Promise<SandboxContact2Sale> {
  return closing(await startContact2Sale({ token: TOKEN, ...options }));
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when there is none. */
  readonly json: Record<string, unknown>;
}

/** One request with the right token; `body` goes as JSON. */
export async function ask(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json');
  const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, text, json };
}

export interface Wire {
  /** Undefined: not even the head arrived. */
  readonly status: number | undefined;
  readonly received: string;
  /** Error code of the connection; undefined: the answer was whole. */
  readonly broken: string | undefined;
}

/** One GET on a connection of its own, with all that could be seen of the answer before the connection broke. */
export function watch(url: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) {
  return new Promise<Wire>((resolve) => {
    let status: number | undefined;
    let received = '';
    const end = (broken: string | undefined) => resolve({ status, received, broken });
    const call = request(url, { headers, agent: false }, (response) => {
      status = response.statusCode;
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (received += piece));
      response.on('end', () => end(undefined));
      response.on('error', (error: NodeJS.ErrnoException) => end(error.code));
    });
    // A reset in the middle of the body is told to the request, not only to the response.
    call.on('error', (error: NodeJS.ErrnoException) => end(error.code));
    call.end();
  });
}
