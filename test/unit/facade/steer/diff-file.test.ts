import { describe, expect, it } from 'vitest';
import { diffFile, type KnownFiles, type RolloutStoreKind } from '../../../../src/facade/steer/diff-file.ts';
import type { RolloutValues } from '../../../../src/facade/config/rollout.ts';

const at = (gateway: number): RolloutValues => ({ gateway, shadow: 0, stickyBy: 'leadId', fallback: 'direct' });
const rollouts = (percent: Record<string, number>) => new Map(Object.entries(percent).map(([id, n]) => [id, at(n)]));
const file = (digest: string, percent: Record<string, number>) => ({ digest, rollouts: rollouts(percent) });
const known = (more: Partial<KnownFiles>): KnownFiles => ({
  lastFile: undefined,
  wasImported: false,
  rollouts: new Map(),
  ...more,
});
const flips = (
  kind: RolloutStoreKind,
  previous: Record<string, number> | undefined,
  now: ReturnType<typeof file>,
  more: Partial<KnownFiles>,
) =>
  diffFile(kind, { previous: previous && rollouts(previous), now }, known(more))?.map(
    ({ route, from, to }) => `${route} ${from.gateway}→${to.gateway}`,
  );

const OLD = file('old', { a: 0, b: 0 });
const NEW = file('new', { a: 5, b: 0 });

describe('with the database as the rollout store, a file at a start', () => {
  it('is where the history begins when it is the first of all', () => {
    expect(flips('database', undefined, NEW, {})).toEqual([]);
  });
  it('that is the last one taken over, or was once, does not undo later flips', () => {
    const later = { rollouts: rollouts({ a: 50 }) };
    expect(flips('database', undefined, OLD, { lastFile: OLD, wasImported: true, ...later })).toBeUndefined();
    expect(flips('database', undefined, OLD, { lastFile: NEW, wasImported: true, ...later })).toBeUndefined();
  });
  it('that is new flips the routes that differ from the last one, from what is in force', () => {
    expect(flips('database', undefined, NEW, { lastFile: OLD })).toEqual(['a 0→5']);
    expect(flips('database', undefined, NEW, { lastFile: OLD, rollouts: rollouts({ a: 50, b: 20 }) })).toEqual([
      'a 50→5',
    ]);
    expect(flips('database', undefined, NEW, { lastFile: OLD, rollouts: rollouts({ a: 5 }) })).toEqual([]);
  });
});

describe('with the database as the rollout store, a file that changed under a running instance', () => {
  it('is a flip of the rows that differ from the text before', () => {
    expect(flips('database', { a: 0, b: 0 }, NEW, { lastFile: OLD, rollouts: rollouts({ b: 7 }) })).toEqual(['a 0→5']);
  });
  it('is taken over once by however many instances', () => {
    expect(flips('database', { a: 0, b: 0 }, NEW, { lastFile: NEW, wasImported: true })).toBeUndefined();
  });
  it('and back again is a flip too: a human wrote it', () => {
    expect(
      flips('database', { a: 5, b: 0 }, OLD, { lastFile: NEW, wasImported: true, rollouts: rollouts({ a: 5 }) }),
    ).toEqual(['a 5→0']);
  });
  it('counts a new route as no flip, unless the store remembers one of that name', () => {
    const grown = file('grown', { a: 0, b: 0, c: 9 });
    expect(flips('database', { a: 0, b: 0 }, grown, { lastFile: OLD })).toEqual([]);
    expect(flips('database', { a: 0, b: 0 }, grown, { lastFile: OLD, rollouts: rollouts({ c: 100 }) })).toEqual([
      'c 100→9',
    ]);
  });
});

describe('with the file as the rollout store', () => {
  it('whatever it says is in force, so a start with an older file is a flip as well', () => {
    expect(flips('file', undefined, OLD, { lastFile: NEW, wasImported: true, rollouts: rollouts({ a: 5 }) })).toEqual([
      'a 5→0',
    ]);
    expect(flips('file', undefined, OLD, { lastFile: OLD, wasImported: true })).toBeUndefined();
  });
  it('a change says what the route had in the file before', () => {
    expect(flips('file', { a: 3, b: 0 }, NEW, { lastFile: OLD, rollouts: rollouts({ a: 50 }) })).toEqual(['a 3→5']);
  });
});
