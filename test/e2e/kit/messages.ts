/**
 * Reads HTTP/1.1 messages out of raw bytes (as latin1 text), as a peer with no goodwill would: nothing is tidied up,
 * names keep their case, pairs their order. Both sides of the wire tests use it.
 */

export interface RawMessage {
  /** Request line or status line. */
  readonly line: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Decoded when it was chunked. */
  readonly body: string;
  /** `Name: value` lines after the last chunk. */
  readonly trailers: string;
  /** Where the next message begins. */
  readonly end: number;
}

export interface ReadOptions {
  /** The answer to a HEAD: what its headers promise does not come. */
  readonly bodiless?: boolean;
  /** The connection has ended: a body without a length ends here. */
  readonly closed?: boolean;
  /** A message without a length is an answer that lasts until the connection closes. */
  readonly isAnswer?: boolean;
}

/** All values of a header, by lower-case name. */
export function valuesOf(message: Pick<RawMessage, 'headers'>, name: string): string[] {
  return message.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

/** The message that begins at `start`; undefined while it is not whole. */
export function readMessage(text: string, start: number, options: ReadOptions = {}): RawMessage | undefined {
  const headEnd = text.indexOf('\r\n\r\n', start);
  if (headEnd < 0) return undefined;
  const [line = '', ...rows] = text.slice(start, headEnd).split('\r\n');
  const headers = rows.map((row) => {
    const colon = row.indexOf(':');
    return [row.slice(0, colon), row.slice(colon + 1).trim()] as const;
  });
  const bodyAt = headEnd + 4;
  const whole = (body: string, end: number, trailers = ''): RawMessage => ({ line, headers, body, trailers, end });
  if (options.bodiless || (options.isAnswer && /^HTTP\/1\.1 (1\d\d|204|304) /.test(line))) return whole('', bodyAt);
  if (/chunked/i.test(valuesOf({ headers }, 'transfer-encoding').join())) {
    const read = readChunks(text, bodyAt);
    return read && whole(read.body, read.end, read.trailers);
  }
  const [length] = valuesOf({ headers }, 'content-length');
  if (length !== undefined) {
    const end = bodyAt + Number(length);
    return text.length >= end ? whole(text.slice(bodyAt, end), end) : undefined;
  }
  if (!options.isAnswer) return whole('', bodyAt);
  return options.closed ? whole(text.slice(bodyAt), text.length) : undefined;
}

function readChunks(text: string, start: number): { body: string; trailers: string; end: number } | undefined {
  let at = start;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(text.slice(at, lineEnd), 16);
    const dataAt = lineEnd + 2;
    if (size === 0) {
      if (text.startsWith('\r\n', dataAt)) return { body, trailers: '', end: dataAt + 2 };
      const end = text.indexOf('\r\n\r\n', dataAt);
      return end < 0 ? undefined : { body, trailers: text.slice(dataAt, end), end: end + 4 };
    }
    if (text.length < dataAt + size + 2) return undefined;
    body += text.slice(dataAt, dataAt + size);
    at = dataAt + size + 2;
  }
}
