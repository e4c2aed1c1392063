import type { IncomingMessage } from 'node:http';

/** What the heads of a WebSocket's opening handshake say (RFC 6455 4). Pure. */

/** Only a WebSocket without a body is a tunnel (RFC 6455 4.1); everything else is a plain request whose offer is dropped. */
export function isWebSocketOffer({ method, httpVersion, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersion !== '1.1' || !isWebSocket(headers.upgrade)) return false;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) return false;
  return (headers.connection ?? '').split(',').some((option) => option.trim().toLowerCase() === 'upgrade');
}

const isWebSocket = (protocol: string | undefined): boolean => protocol?.toLowerCase() === 'websocket';

/** A 101 has no body (RFC 9110 8.6 and 15.2), and HTTP/1.0 knows none. */
export function isOpening({ httpVersion, headers }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return httpVersion === '1.1' && isWebSocket(headers.upgrade) && !hasBody;
}

/** Written as HTTP/1 has it, with a status that an answer may end with, and with a body whose coding is known here. */
export function isWellFormed({ httpVersionMajor, statusCode = 0, headers }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  const isKnownCoding = coding === undefined || coding.toLowerCase() === 'chunked';
  return httpVersionMajor === 1 && isKnownCoding && (statusCode === 101 || (statusCode >= 200 && statusCode <= 599));
}
