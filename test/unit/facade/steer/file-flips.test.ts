import { describe, expect, it } from 'vitest';
import { flipsOfFile, type Known, type TruthKind } from '../../../../src/facade/steer/file-flips.ts';
import type { RolloutValues } from '../../../../src/facade/rollout/flip.ts';

const at = (gateway: number): RolloutValues => ({ gateway, shadow: 0, stickyBy: 'leadId', fallback: 'direct' });
const rollouts = (percent: Record<string, number>) => new Map(Object.entries(percent).map(([id, n]) => [id, at(n)]));
const file = (revision: string, percent: Record<string, number>) => ({ revision, rollouts: rollouts(percent) });
const known = (more: Partial<Known>): Known => ({
  lastFile: undefined,
  wasApplied: false,
  rollouts: new Map(),
  ...more,
});
const flips = (
  truth: TruthKind,
  previous: Record<string, number> | undefined,
  now: ReturnType<typeof file>,
  more: Partial<Known>,
) =>
  flipsOfFile(truth, { previous: previous && rollouts(previous), now }, known(more))?.map(
    ({ route, from, to }) => `${route} ${from.gateway}→${to.gateway}`,
  );

const OLD = file('old', { a: 0, b: 0 });
const NEW = file('new', { a: 5, b: 0 });

describe('with the store as the truth, a file at a start', () => {
  it('is where the history begins when it is the first of all', () => {
    expect(flips('store', undefined, NEW, {})).toEqual([]);
  });
  it('that is the last one taken over, or was once, does not undo later flips', () => {
    const later = { rollouts: rollouts({ a: 50 }) };
    expect(flips('store', undefined, OLD, { lastFile: OLD, wasApplied: true, ...later })).toBeUndefined();
    expect(flips('store', undefined, OLD, { lastFile: NEW, wasApplied: true, ...later })).toBeUndefined();
  });
  it('that is new flips the rows that differ from the last one, from what is in force', () => {
    expect(flips('store', undefined, NEW, { lastFile: OLD })).toEqual(['a 0→5']);
    expect(flips('store', undefined, NEW, { lastFile: OLD, rollouts: rollouts({ a: 50, b: 20 }) })).toEqual(['a 50→5']);
    expect(flips('store', undefined, NEW, { lastFile: OLD, rollouts: rollouts({ a: 5 }) })).toEqual([]);
  });
});

describe('with the store as the truth, a file that changed under a running instance', () => {
  it('is a flip of the rows that differ from the text before', () => {
    expect(flips('store', { a: 0, b: 0 }, NEW, { lastFile: OLD, rollouts: rollouts({ b: 7 }) })).toEqual(['a 0→5']);
  });
  it('is taken over once by however many instances', () => {
    expect(flips('store', { a: 0, b: 0 }, NEW, { lastFile: NEW, wasApplied: true })).toBeUndefined();
  });
  it('and back again is a flip too: a human wrote it', () => {
    expect(
      flips('store', { a: 5, b: 0 }, OLD, { lastFile: NEW, wasApplied: true, rollouts: rollouts({ a: 5 }) }),
    ).toEqual(['a 5→0']);
  });
  it('counts a new row as no flip, unless the store remembers one of that name', () => {
    const grown = file('grown', { a: 0, b: 0, c: 9 });
    expect(flips('store', { a: 0, b: 0 }, grown, { lastFile: OLD })).toEqual([]);
    expect(flips('store', { a: 0, b: 0 }, grown, { lastFile: OLD, rollouts: rollouts({ c: 100 }) })).toEqual([
      'c 100→9',
    ]);
  });
});

describe('with the file as the truth', () => {
  it('whatever it says is in force, so a start with an older file is a flip as well', () => {
    expect(flips('file', undefined, OLD, { lastFile: NEW, wasApplied: true, rollouts: rollouts({ a: 5 }) })).toEqual([
      'a 5→0',
    ]);
    expect(flips('file', undefined, OLD, { lastFile: OLD, wasApplied: true })).toBeUndefined();
  });
  it('a change says what the row had in the file before', () => {
    expect(flips('file', { a: 3, b: 0 }, NEW, { lastFile: OLD, rollouts: rollouts({ a: 50 }) })).toEqual(['a 3→5']);
  });
});
