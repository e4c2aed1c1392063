import { describe, expect, it } from 'vitest';
import { splitConnections } from '../../../../src/facade/store/connection-budget.ts';

describe('the connections of a process', () => {
  it.each([
    [10, { steering: 2, work: 2, extension: 1 }],
    [14, { steering: 2, work: 4, extension: 3 }],
    [25, { steering: 3, work: 9, extension: 8 }],
    [500, { steering: 3, work: 246, extension: 246 }],
  ])('of which %d are allowed are shared out', (most, budget) => expect(splitConnections(most)).toEqual(budget));

  it('are no more than allowed, with the five sessions, and every part has one', () => {
    for (let most = 10; most <= 500; most++) {
      const { steering, work, extension } = splitConnections(most);
      expect(5 + steering + work + extension).toBe(most);
      expect(Math.min(steering, work, extension)).toBeGreaterThan(0);
    }
  });
});
