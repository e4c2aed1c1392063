import { describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { LOOP } from '../../../../src/facade/forward/connection.ts';
import { HeldAnswer, understand } from '../../../../src/facade/forward/error-answer.ts';

const HEAD = { headers: [], contentType: undefined, contentLength: undefined, retryAfter: undefined };
const KIB = 1024;

describe('an error answer that is read whole', () => {
  const sizes: [string, number[], number][] = [
    ['none', [], 0],
    ['two pieces', [1, 2], 3],
    ['64 KiB', [60 * KIB, 4 * KIB], 64 * KIB],
    ['a byte more: of it only the status counts', [60 * KIB, 4 * KIB, 1], 0],
  ];
  test.each(sizes)('%s', (_, pieces, bytes) => {
    const held = new HeldAnswer(502, HEAD);
    for (const size of pieces) held.add(Buffer.alloc(size, 'x'));
    expect([held.status, held.body.length]).toEqual([502, bytes]);
  });

  test('keeps its pieces in order', () => {
    const held = new HeldAnswer(500, HEAD);
    for (const text of ['{"a"', ':1}']) held.add(Buffer.from(text));
    expect(held.body.toString()).toBe('{"a":1}');
  });
});

describe('the answer of a facade to which an upstream’s address led back', () => {
  const answer = (status: number, kind: string) => {
    const body = Buffer.from(JSON.stringify({ type: `urn:c2s-facade:${kind}`, status }));
    const told = {
      path: 'gateway',
      asked: 'direct',
      isSafe: true,
      rule: undefined,
      contentType: 'application/problem+json',
    } as const;
    return understand(CONTACT2SALE, { ...told, status, body, durationMs: 1 });
  };

  test('is passed on to whoever can change it, whatever the dialect', () => {
    const { outcome, status, replacement } = answer(LOOP.status, LOOP.kind);
    expect([outcome, status, replacement?.contentType]).toEqual(['upstream_error', 508, 'application/problem+json']);
    expect(String(replacement?.body)).toContain('urn:c2s-facade:loop');
  });

  test.each([
    [LOOP.status, 'other'],
    [500, LOOP.kind],
  ])('is none with the status %i and the type %s: the pair judges it', (status, kind) => {
    expect(String(answer(status, kind).replacement?.body ?? '')).not.toContain('urn:c2s-facade');
  });
});
