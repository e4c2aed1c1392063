import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { isOpening, isWebSocketOffer, isWellFormed } from '../../../../src/facade/forward/web-socket.ts';

const head = (parts: object): IncomingMessage => parts as IncomingMessage;

describe('an offer of a WebSocket', () => {
  const OFFER = { connection: 'keep-alive, Upgrade', upgrade: 'WebSocket' };
  const offers: [string, object, boolean][] = [
    ['as RFC 6455 has it', {}, true],
    ['with a length of nothing', { headers: { ...OFFER, 'content-length': '0' } }, true],
    ['by another method', { method: 'POST' }, false],
    ['in HTTP/1.0', { httpVersion: '1.0' }, false],
    ['of another protocol', { headers: { ...OFFER, upgrade: 'h2c' } }, false],
    ['of no protocol', { headers: { connection: 'upgrade' } }, false],
    ['that Connection does not name', { headers: { ...OFFER, connection: 'keep-alive' } }, false],
    ['without Connection', { headers: { upgrade: 'websocket' } }, false],
    ['whose option only begins like it', { headers: { ...OFFER, connection: 'upgrade-insecure' } }, false],
    ['with a body', { headers: { ...OFFER, 'content-length': '1' } }, false],
    ['with a body in chunks', { headers: { ...OFFER, 'transfer-encoding': 'chunked' } }, false],
  ];
  test.each(offers)('%s', (_, parts, expected) => {
    expect(isWebSocketOffer(head({ method: 'GET', httpVersion: '1.1', headers: OFFER, ...parts }))).toBe(expected);
  });
});

describe('a 101 opens a tunnel', () => {
  const answers: [string, object, boolean][] = [
    ['to a WebSocket', {}, true],
    ['to another protocol', { headers: { upgrade: 'h2c' } }, false],
    ['to no protocol', { headers: {} }, false],
    ['in HTTP/1.0', { httpVersion: '1.0' }, false],
    ['with a length, even of nothing', { headers: { upgrade: 'websocket', 'content-length': '0' } }, false],
    ['with chunks', { headers: { upgrade: 'websocket', 'transfer-encoding': 'chunked' } }, false],
  ];
  test.each(answers)('%s', (_, parts, expected) => {
    expect(isOpening(head({ httpVersion: '1.1', headers: { upgrade: 'WebSocket' }, ...parts }))).toBe(expected);
  });
});

describe('an answer is well-formed', () => {
  const answers: [string, object, boolean][] = [
    ['with 200', { statusCode: 200 }, true],
    ['with 599', { statusCode: 599 }, true],
    ['with 101', { statusCode: 101 }, true],
    ['with an interim status', { statusCode: 199 }, false],
    ['with 600', { statusCode: 600 }, false],
    ['without a status', { statusCode: undefined }, false],
    ['in HTTP/2', { httpVersionMajor: 2 }, false],
    ['in HTTP/0.9', { httpVersionMajor: 0 }, false],
    ['in chunks', { headers: { 'transfer-encoding': 'Chunked' } }, true],
    ['in another coding', { headers: { 'transfer-encoding': 'gzip, chunked' } }, false],
  ];
  test.each(answers)('%s', (_, parts, expected) => {
    expect(isWellFormed(head({ httpVersionMajor: 1, statusCode: 200, headers: {}, ...parts }))).toBe(expected);
  });
});
