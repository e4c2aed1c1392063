/**
 * Answers of an upstream that are no HTTP/1.1, and a few odd ones that are. One table for whoever gets answers: routes,
 * what no route claims, tunnels, shadows, the gateway of this project.
 */

export interface OddAnswer {
  readonly name: string;
  readonly bytes: string;
}

const BODY = 'content-length: 2\r\n\r\nok';
const FINAL = `HTTP/1.1 200 OK\r\n${BODY}`;
const withStatusLine = (line: string): string => `${line}\r\n${BODY}`;
const withCoding = (lines: string, body: string): string => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${body}`;
const coding = (value: string): string => `transfer-encoding: ${value}`;
const CHUNKED_BODY = '2\r\nok\r\n0\r\n\r\n';

/** Status lines that are none (RFC 9112 4, RFC 9110 15). */
export const MALFORMED_STATUS_LINES: readonly OddAnswer[] = [
  ...['000', '001', '042', '099'].map((status) => ({
    name: `status ${status}`,
    bytes: withStatusLine(`HTTP/1.1 ${status} Odd`),
  })),
  { name: 'status 000 without a body', bytes: 'HTTP/1.1 000 Odd\r\n\r\n' },
  { name: 'status 101 unasked', bytes: 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n' },
  { name: 'status 101 without an Upgrade', bytes: `HTTP/1.1 101 Switching\r\n\r\n${FINAL}` },
  ...['102', '150', '199'].map((status) => ({
    name: `status ${status} with a body`,
    bytes: withStatusLine(`HTTP/1.1 ${status} Odd`),
  })),
  { name: 'status 42', bytes: withStatusLine('HTTP/1.1 42 Odd') },
  { name: 'status 1000', bytes: withStatusLine('HTTP/1.1 1000 Odd') },
  { name: 'status -20', bytes: withStatusLine('HTTP/1.1 -20 Odd') },
  { name: 'status 2x0', bytes: withStatusLine('HTTP/1.1 2x0 Odd') },
  { name: 'no status', bytes: withStatusLine('HTTP/1.1 ') },
  ...['HTTP/2.0', 'HTTP/2', 'HTTP/3.0', 'HTTP/0.9', 'HTTP/1.2', 'http/1.1', 'RTSP/1.0', 'ICE/1.0'].map((version) => ({
    name: version,
    bytes: withStatusLine(`${version} 200 OK`),
  })),
  { name: 'two blanks before the status', bytes: withStatusLine('HTTP/1.1  200 OK') },
  ...['\x00', '\x01', '\x0b', '\x1b', '\x7f'].map((control) => ({
    name: `control character ${control.charCodeAt(0)} in the reason`,
    bytes: withStatusLine(`HTTP/1.1 200 a${control}b`),
  })),
  { name: 'CR in the reason', bytes: withStatusLine('HTTP/1.1 200 a\rb') },
  { name: 'no status line', bytes: 'what is this\r\n\r\n' },
  {
    name: 'an interim answer, then status 000',
    bytes: `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${withStatusLine('HTTP/1.1 000 Odd')}`,
  },
  {
    name: 'an interim answer, then HTTP/2.0',
    bytes: `HTTP/1.1 102 Processing\r\n\r\n${withStatusLine('HTTP/2.0 200 OK')}`,
  },
  {
    name: '100 Continue unasked, then status 000',
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${withStatusLine('HTTP/1.1 000 Odd')}`,
  },
];

/** Transfer codings that nobody here decodes. */
export const UNREADABLE_CODINGS: readonly OddAnswer[] = [
  { name: 'gzip, chunked', bytes: withCoding(coding('gzip, chunked'), CHUNKED_BODY) },
  {
    name: 'gzip and chunked in two lines',
    bytes: withCoding(`${coding('gzip')}\r\n${coding('chunked')}`, CHUNKED_BODY),
  },
  { name: 'x-gzip', bytes: withCoding(coding('x-gzip'), 'ok') },
  { name: 'deflate', bytes: withCoding(coding('deflate'), 'ok') },
  { name: 'gzip until close', bytes: withCoding(`${coding('gzip')}\r\nconnection: close`, 'ok') },
  { name: 'chunked, gzip', bytes: withCoding(coding('chunked, gzip'), 'ok') },
  { name: 'chunked, chunked', bytes: withCoding(coding('chunked, chunked'), CHUNKED_BODY) },
  { name: 'identity', bytes: withCoding(`${coding('identity')}\r\ncontent-length: 2`, 'ok') },
];

/** Odd, and yet answers: what the caller gets of them. */
export const ODD_BUT_WHOLE: readonly (OddAnswer & { readonly status: number; readonly line: RegExp })[] = [
  { name: 'HTTP/1.0', bytes: withStatusLine('HTTP/1.0 200 OK'), status: 200, line: /^HTTP\/1\.1 200 OK$/ },
  { name: 'no reason', bytes: withStatusLine('HTTP/1.1 404'), status: 404, line: /^HTTP\/1\.1 404 Not Found$/ },
  { name: 'an empty reason', bytes: withStatusLine('HTTP/1.1 404 '), status: 404, line: /^HTTP\/1\.1 404 Not Found$/ },
  {
    name: 'a long reason',
    bytes: withStatusLine('HTTP/1.1 404 Not Found'),
    status: 404,
    line: /^HTTP\/1\.1 404 Not Found$/,
  },
  { name: 'a tab in the reason', bytes: withStatusLine('HTTP/1.1 200 a\tb'), status: 200, line: /^HTTP\/1\.1 200 / },
  { name: 'status 600', bytes: withStatusLine('HTTP/1.1 600 Odd'), status: 600, line: /^HTTP\/1\.1 600 / },
  { name: 'status 999', bytes: withStatusLine('HTTP/1.1 999 Odd'), status: 999, line: /^HTTP\/1\.1 999 / },
  { name: 'an empty line before it', bytes: `\r\n${FINAL}`, status: 200, line: /^HTTP\/1\.1 200 OK$/ },
  {
    name: 'interim answers before it',
    bytes: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Odd\r\nx: 1\r\n\r\n${FINAL}`,
    status: 200,
    line: /^HTTP\/1\.1 200 OK$/,
  },
  { name: 'Chunked', bytes: withCoding(coding('Chunked'), CHUNKED_BODY), status: 200, line: /^HTTP\/1\.1 200 OK$/ },
];
