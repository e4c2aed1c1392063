import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readJson } from '../../src/facade/compare/json-value.ts';
import { decoded } from '../../src/facade/compare/decoded.ts';
import { readObject } from '../../src/facade/dialect/json.ts';
import { readC2sPush } from '../../src/c2s/enrichment/webhook-c2s.ts';
import { readGoogleLead } from '../../src/c2s/enrichment/webhook-google.ts';
import { readBody } from '../../src/c2s/gateway/body.ts';
import { GATEWAY_OPERATIONS, type Operation } from '../../src/c2s/gateway/operations.ts';

/**
 * JSON bombs: depth, size, repeated keys and members that are named like those of an object, wherever the facade reads
 * JSON that others wrote. None throws, none takes long, none reaches a prototype.
 */

const deep = (levels: number, open: string, close: string): string => open.repeat(levels) + '1' + close.repeat(levels);
const BOMBS: Readonly<Record<string, string>> = {
  'a hundred thousand lists': deep(100_000, '[', ']'),
  'a hundred thousand objects': deep(100_000, '{"a":', '}'),
  'a hundred thousand lists, never closed': '['.repeat(100_000),
  'a hundred thousand quotes': '"'.repeat(100_000),
  'brackets in a text': JSON.stringify({ message: '[{'.repeat(100_000) }),
  'a hundred thousand members': `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
  'one key a hundred thousand times': `{${'"a":1,'.repeat(100_000)}"a":2}`,
  'a number of half a million digits': `{"id":${'9'.repeat(500_000)}}`,
  'a number of half a million zeros': `{"id":1${'0'.repeat(500_000)}1}`,
  'an exponent beyond all bounds': '{"id":1e999999999,"x":-1e-999999999}',
  'a text of escapes': `{"message":"${'\\u0000'.repeat(80_000)}"}`,
  'half a surrogate': '{"message":"\\ud800"}',
  'a prototype': '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"id":"1"}',
  'a prototype, escaped': '{"\\u005f_proto__":{"polluted":true},"data":{"__proto__":{"polluted":true}}}',
  'a toString that is none': '{"toString":1,"valueOf":2,"hasOwnProperty":3,"id":"1","toJSON":4}',
  'a list of prototypes': `[${'{"__proto__":[]},'.repeat(1_000)}{}]`,
};

const write = (GATEWAY_OPERATIONS as readonly Operation[]).find(({ id }) => id === 'leads.create') as Operation;
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'translation of a body': (text) => readObject(Buffer.from(text), 'refuse'),
  'the comparison': (text) => {
    const document = readJson(Buffer.from(text));
    return document && [document.value, document.plain()];
  },
  'the gateway': (text) => readBody(Buffer.from(text), 'application/json', write, false, 'id'),
  'the gateway, strict': (text) => readBody(Buffer.from(text), 'application/json', write, true, 'id'),
  'a push of Contact2Sale': (text) => readC2sPush(parsed(text)),
  'a push of Google': (text) => readGoogleLead(parsed(text)),
};

/** Of the processor's time, which no neighbour takes: far below what a quadratic reader would need. */
const LONGEST_CPU_MS = 1_500;

describe.each(Object.entries(READERS))('%s', (_, read) => {
  test.each(Object.entries(BOMBS))('survives %s', (_name, text) => {
    const before = process.threadCpuUsage();
    read(text);
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(LONGEST_CPU_MS);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

test('a body that the gateway read has no prototype of the caller', () => {
  for (const bomb of ['a prototype', 'a prototype, escaped']) {
    const read = readBody(Buffer.from(BOMBS[bomb] ?? ''), 'application/json', write, false, 'id');
    if (read.ok) expect((read.fields as { polluted?: unknown }).polluted).toBeUndefined();
  }
});

test('repeated keys that differ are no JSON to the comparison: the two sides may take different ones', () => {
  expect(readJson(Buffer.from('{"body":"a","body":"b"}'))).toBeUndefined();
});

test('a body that unpacks to a thousand times its size is given up at the limit', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  expect(bomb.length).toBeLessThan(100_000);
  expect(decoded(bomb, 'gzip', 500_000)).toEqual({ kind: 'too large' });
  expect(decoded(gzipSync(bomb), 'gzip, gzip', 500_000)).toEqual({ kind: 'too large' });
  expect(decoded(bomb, 'gzip, gzip, gzip, gzip', 500_000)).toEqual({ kind: 'unreadable' });
});
