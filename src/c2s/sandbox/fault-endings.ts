import { STATUS_CODES } from 'node:http';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** How a fault ends an answer, down at the socket: what no well-behaved framework lets a handler do. */
interface FaultEnding {
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
  readonly reset?: 'before-headers' | 'mid-headers' | 'mid-body' | undefined;
  readonly hang?: true | undefined;
}

/** An answer that was held back. */
interface DelayedAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Ends `res` as the fault says; an answer that was held back is what a reset cuts through. */
export function endWith(ending: FaultEnding, res: ServerResponse, held: DelayedAnswer | undefined): void {
  if (ending.hang) return;
  const answer = held && ending.reset ? held : answerOf(ending);
  switch (ending.reset) {
    case undefined:
      return replay(res, answer);
    case 'before-headers':
      res.socket?.resetAndDestroy();
      return;
    case 'mid-headers':
      return cutHead(res, answer);
    case 'mid-body':
      return cutBody(res, answer);
  }
}

/** Sends an answer as it is. */
export function replay(res: ServerResponse, answer: DelayedAnswer): void {
  res.writeHead(answer.status, answer.headers);
  res.end(answer.body);
}

/**
 * Lets the handlers run (`next`) but holds back what they answer; `res` is untouched afterwards.
 * Nothing comes of it when they never answer.
 */
export function capture(res: ServerResponse, next: () => void): Promise<DelayedAnswer> {
  const chunks: Buffer[] = [];
  const take = (chunk: unknown, encoding?: unknown) => {
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk, encodingOf(encoding)));
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  return new Promise((resolve) => {
    const held: Partial<ServerResponse> = {
      writeHead: (status: number, ...rest: unknown[]) => {
        res.statusCode = status;
        setHeaders(res, rest.at(-1));
        return res;
      },
      flushHeaders: () => undefined,
      write: ((chunk: unknown, encoding?: unknown) => (take(chunk, encoding), true)) as ServerResponse['write'],
      end: ((chunk: unknown, encoding?: unknown) => {
        take(chunk, encoding);
        for (const name of Object.keys(held)) Reflect.deleteProperty(res, name);
        const answer = { status: res.statusCode, headers: { ...res.getHeaders() }, body: Buffer.concat(chunks) };
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        resolve(answer);
        return res;
      }) as ServerResponse['end'],
    };
    // Own properties hide the prototype's methods; deleting them brings those back.
    Object.assign(res, held);
    next();
  });
}

const encodingOf = (value: unknown): BufferEncoding =>
  typeof value === 'string' && Buffer.isEncoding(value) ? value : 'utf8';

function setHeaders(res: ServerResponse, headers: unknown): void {
  if (Array.isArray(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) res.appendHeader(String(headers[i]), String(headers[i + 1]));
  } else if (headers !== null && typeof headers === 'object') {
    for (const [name, value] of Object.entries(headers as OutgoingHttpHeaders)) {
      if (value !== undefined) res.setHeader(name, value);
    }
  }
}

function answerOf(ending: FaultEnding): DelayedAnswer {
  const status = ending.status ?? (ending.reset ? 200 : 500);
  // RFC 9110: these two have no content, whatever else is wanted of them.
  if (status === 204 || status === 304) return { status, headers: { ...ending.headers }, body: Buffer.alloc(0) };
  const isText = typeof ending.body === 'string';
  const text = isText
    ? String(ending.body)
    : JSON.stringify(ending.body ?? { error: STATUS_CODES[status] ?? 'unknown' });
  const body = Buffer.from(text);
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  return { status, headers: { 'content-type': type, 'content-length': body.length, ...ending.headers }, body };
}

// Both cuts reset as soon as the kernel has the bytes: Linux hands the peer what came before a reset, even when it
// reads late (300 of 300 times each, over loopback, from a process that was busy for 3 ms).

function cutHead(res: ServerResponse, answer: DelayedAnswer): void {
  const { socket } = res;
  const piece = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'unknown'}\r\ncontent-type: appl`;
  socket?.write(piece, () => socket.resetAndDestroy());
}

function cutBody(res: ServerResponse, answer: DelayedAnswer): void {
  const { socket } = res;
  // A body of fewer than two bytes has no middle: promise one byte more than is sent.
  const promised = Math.max(answer.body.length, 2);
  res.writeHead(answer.status, { ...answer.headers, 'content-length': promised });
  // An answer to HEAD has no body whose writing would send the head along.
  res.flushHeaders();
  res.write(answer.body.subarray(0, Math.floor(promised / 2)), () => socket?.resetAndDestroy());
}
