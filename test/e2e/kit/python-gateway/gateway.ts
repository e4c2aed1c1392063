import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { coerced, Invalid, modelMap, type Pydantic } from './coercion.ts';
import { dumps, JsonDecodeError, loads, OtherJsonError, type Py } from './json.ts';
import { InvalidUrl, onwardTarget } from './onward.ts';
import { OPERATIONS, type Operation } from './operations.ts';

/**
 * A double of the Python gateway (docs/wire/gateway.md): it drops what its models do not know, coerces what it does, pastes
 * decoded ids into the URL of Contact2Sale, and answers 200. It was compared with the service itself, request by request, on
 * both versions of its validator. What it leaves out: digits of other scripts (pydantic 1 reads them), and that a refusal whose
 * text cannot be written as JSON is a plain 500 there (pydantic 2).
 */

/** A request to the gateway. */
export interface GatewayRequest {
  readonly method: string;
  /** As sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request of the gateway to Contact2Sale. */
export interface OnwardRequest {
  readonly method: string;
  readonly target: string;
  /** Undefined: none. */
  readonly body: string | undefined;
}

export interface GatewayAnswer {
  readonly status: number;
  /** Undefined: plain text. */
  readonly detail: Py | undefined;
}

export interface CrmAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** What it makes of a request: what it sends on, or what it answers by itself. */
export function readRequest(request: GatewayRequest, pydantic: Pydantic): OnwardRequest | GatewayAnswer {
  const [rawPath = '', rawQuery = ''] = cutOnce(request.url, '?');
  const path = unquote(rawPath);
  const named = OPERATIONS.filter((one) => one.path.test(path));
  const operation = named.find(({ method }) => method === request.method);
  if (!operation) return unclaimed(path, named);
  try {
    const body = operation.body && readBody(request);
    return sentOn(operation, path, rawQuery, body, pydantic);
  } catch (error) {
    if (error instanceof Invalid || error instanceof JsonDecodeError) return refusal(422, REFUSED);
    if (error instanceof OtherJsonError) return refusal(400, 'There was an error parsing the body');
    if (error instanceof InvalidUrl) return refusal(500, error.message);
    throw error;
  }
}

const REFUSED: Py = [
  new Map<Py, Py>([
    ['loc', ['body']],
    ['msg', 'refused'],
    ['type', 'value_error'],
  ]),
];
const refusal = (status: number, detail: Py): GatewayAnswer => ({ status, detail });

function unclaimed(path: string, named: readonly Operation[]): GatewayAnswer {
  if (named.length > 0) return refusal(405, 'Method Not Allowed');
  const isSlashAway = path.endsWith('/') && OPERATIONS.some((one) => one.path.test(path.replace(/\/+$/, '')));
  return isSlashAway ? { status: 307, detail: undefined } : refusal(404, 'Not Found');
}

function sentOn(
  operation: Operation,
  path: string,
  rawQuery: string,
  body: Py | undefined,
  pydantic: Pydantic,
): OnwardRequest | GatewayAnswer {
  const params = keptQuery(operation, rawQuery, pydantic);
  const kept = operation.body && keptBody(operation, body ?? null, pydantic);
  const ids = operation.path.exec(path)?.slice(1) ?? [];
  const url = ids.reduce((text, id) => text.replace('{}', () => id), operation.onward);
  return {
    method: operation.method,
    target: onwardTarget(url, Object.keys(operation.query).length > 0 ? params : undefined),
    body: kept === undefined ? undefined : dumps(kept, 'httpx'),
  };
}

/** FastAPI reads a body as JSON by its content type, and hands all else to the model as bytes, which no model takes. */
function readBody({ headers, body }: GatewayRequest): Py {
  if (body.length === 0) throw new Invalid();
  const type = headers['content-type'];
  if (type !== undefined && type !== '' && !isJsonType(type)) throw new Invalid();
  return loads(body);
}

function isJsonType(contentType: string): boolean {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  const [main, sub = '', ...more] = type.split('/');
  return more.length === 0 && main === 'application' && (sub === 'json' || sub.endsWith('+json'));
}

function keptBody({ body: model, dropsEmpty }: Operation, asked: Py, pydantic: Pydantic): Py {
  const given = modelMap(asked, pydantic);
  const kept = new Map<Py, Py>();
  for (const [name, { kind, isRequired, preset }] of model ?? []) {
    const value = given.has(name) ? (given.get(name) ?? null) : preset;
    if (value === undefined || value === null) {
      if (isRequired) throw new Invalid();
      continue;
    }
    const read = coerced(value, kind, pydantic);
    if (!isWithinBounds(name, read)) throw new Invalid();
    if (!dropsEmpty || isRequired || read !== '') kept.set(name, read);
  }
  return kept;
}

/** `Field(…, gt=0)` and `Field(…, ge=0)`; NaN is neither. */
function isWithinBounds(name: string, value: Py): boolean {
  if (name === 'value') return Number(value) > 0;
  return name !== 'priority' || Number(value) >= 0;
}

/** Of a name that comes twice the last counts; names that it does not know and empty texts are left out. */
function keptQuery({ query }: Operation, raw: string, pydantic: Pydantic): readonly (readonly [string, string])[] {
  const given = new Map(
    raw
      .split('&')
      .filter((part) => part !== '')
      .map((part): [string, string] => {
        const [name = '', value = ''] = cutOnce(part, '=');
        return [unquotePlus(name), unquotePlus(value)];
      }),
  );
  return Object.entries(query).flatMap(([name, { kind, preset, max = Infinity }]): [string, string][] => {
    const value = given.get(name) ?? preset;
    if (value === undefined) return [];
    const read = coerced(value, kind, pydantic);
    if (kind === 'int' && (Number(read) < 1 || Number(read) > max)) throw new Invalid();
    return read === '' ? [] : [[name, typeof read === 'string' ? read : dumps(read, 'httpx')]];
  });
}

function cutOnce(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** `urllib.parse.unquote`: what is no UTF-8 becomes U+FFFD. */
const unquote = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));

const unquotePlus = (text: string): string => unquote(text.replaceAll('+', ' '));

/** What the caller gets of Contact2Sale's answer: always 200, or 500 with a text. */
function passedBack({ status, body }: CrmAnswer): { status: number; type: string; text: string } {
  if (status < 200 || status >= 300) {
    const kind = status < 400 ? 'Redirect response' : status < 500 ? 'Client error' : 'Server error';
    return json(500, { detail: `${kind} '${status} Reason' for url 'http://internal.example/integration'` });
  }
  try {
    return { status: 200, type: 'application/json', text: dumps(loads(body), 'starlette') };
  } catch (error) {
    if (error instanceof JsonDecodeError) return json(500, { detail: 'Expecting value: line 1 column 1 (char 0)' });
    return { status: 500, type: 'text/plain; charset=utf-8', text: 'Internal Server Error' };
  }
}

const json = (status: number, value: unknown) => ({ status, type: 'application/json', text: JSON.stringify(value) });

export interface PythonGateway {
  readonly url: string;
  close(): Promise<void>;
}

/** @param crm Contact2Sale, asked in this process. */
export async function startPythonGateway(
  pydantic: Pydantic,
  crm: (request: OnwardRequest) => CrmAnswer,
): Promise<PythonGateway> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      const read = readRequest({ method, url, headers, body: Buffer.concat(chunks) }, pydantic);
      const { status, type, text } = 'target' in read ? passedBack(crm(read)) : ownAnswer(read);
      res.writeHead(status, { 'content-type': type }).end(text);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function ownAnswer({ status, detail }: GatewayAnswer): { status: number; type: string; text: string } {
  if (detail === undefined) return { status, type: 'text/plain', text: '' };
  return { status, type: 'application/json', text: dumps(new Map<Py, Py>([['detail', detail]]), 'starlette') };
}
