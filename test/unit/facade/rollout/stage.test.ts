import { expect, it } from 'vitest';
import { stageOf } from '../../../../src/facade/rollout/stage.ts';

it.each([
  [0, 0, 'direct', true, 'direct'],
  [0, 0, 'none', true, 'direct'],
  [0, 1, 'direct', true, 'shadow'],
  [1, 0, 'direct', true, 'canary'],
  [1, 10_000, 'none', true, 'canary'],
  [9_999, 0, 'direct', true, 'canary'],
  [10_000, 0, 'direct', true, 'gateway'],
  [10_000, 10_000, 'direct', true, 'gateway'],
  [10_000, 0, 'none', true, 'retired'],
  [10_000, 0, 'direct', false, 'retired'],
  [0, 0, 'none', false, 'direct'],
] as const)(
  'gateway %d, shadow %d, fallback %s, direct endpoint %s is stage %s',
  (gateway, shadow, fallback, hasDirect, stage) => {
    expect(stageOf({ gateway, shadow, fallback }, hasDirect)).toBe(stage);
  },
);
