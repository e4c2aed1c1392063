import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawGraph, floorsOf, PICTURE, readGraph, type Graph } from '../../../docs/draw-architecture.ts';

const graphOf = (imports: Record<string, string[]>): Graph => ({
  rooms: new Map(Object.keys(imports).map((room) => [room, [`${room}.ts`]])),
  imports: new Map(Object.entries(imports).map(([room, others]) => [room, new Set(others)])),
});

test('the picture is that of the sources: npm run architecture', () => {
  expect(readFileSync(PICTURE, 'utf8')).toBe(drawGraph(readGraph()));
});

test('the engine imports nothing of a pair, and the ground nothing of ours, types included', () => {
  const { imports } = readGraph();
  expect([...(imports.get('http') ?? [])]).toEqual([]);
  for (const [room, others] of imports) {
    if (room.startsWith('facade'))
      expect([room, [...others].filter((one) => one.startsWith('c2s'))]).toEqual([room, []]);
  }
});

test('a room stands above those that it imports from', () => {
  expect(floorsOf(graphOf({ a: [], b: ['a'], c: ['a', 'b'], d: ['a'] }))).toEqual([['a'], ['b', 'd'], ['c']]);
});

test('a circle of rooms is an error that names them', () => {
  expect(() => floorsOf(graphOf({ a: [], b: ['c'], c: ['b'] }))).toThrow('a circle among b, c');
});

test('an arrow that another way shows is left out', () => {
  const svg = drawGraph(graphOf({ a: [], b: ['a'], c: ['a', 'b'] }));
  expect(svg.match(/marker-end/g)).toHaveLength(2);
});
