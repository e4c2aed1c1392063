import { expect, it } from 'vitest';
import { bodyShape } from '../../../../../src/facade/compare/unknown-writes/body-shape.ts';

const shape = (value: unknown): unknown => bodyShape(Buffer.from(JSON.stringify(value)), true);

it.each<[string, unknown, unknown]>([
  [
    'names and types',
    { message: 'Oi', n: 5, yes: true, none: null, l: [], o: {} },
    { message: 'string', n: 'number', yes: 'boolean', none: 'null', l: 'empty list', o: {} },
  ],
  ['the first of a list', { tags: [{ name: 'x' }, { other: 1 }] }, { tags: [{ name: 'string' }] }],
  ['no deeper than four', { a: { b: { c: { d: { e: 1 } } } } }, { a: { b: { c: { d: 'object' } } } }],
  ['a name that may be somebody’s', { '11999990000': 1, 'ana@example.com': 2 }, { '{key}': 'number' }],
  ['a scalar', 'Maria', 'string'],
])('%s', (_, body, expected) => {
  expect(shape(body)).toEqual({ json: expected });
});

it('of a body that is no JSON, streamed, or not there', () => {
  expect(bodyShape(Buffer.from('nome=Maria'), true)).toEqual({ body: 'no JSON', bytes: 10 });
  expect(bodyShape(undefined, true)).toEqual({ body: 'streamed, not kept' });
  expect(bodyShape(undefined, false)).toEqual({ body: 'none' });
});

it('is bounded, however wide and deep the body is', () => {
  const wide = (depth: number): object =>
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, depth === 0 ? i : wide(depth - 1)]));
  expect(JSON.stringify(shape(wide(2))).length).toBeLessThan(2_000);
});
