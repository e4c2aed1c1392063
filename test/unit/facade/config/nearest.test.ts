import { describe, expect, it } from 'vitest';
import { nearest } from '../../../../src/facade/config/nearest.ts';

const KEYS = ['gateway', 'shadow', 'stickyBy', 'fallback'];

describe('did you mean', () => {
  it.each([
    ['fallbak', 'fallback'],
    ['fallbacks', 'fallback'],
    ['gatewya', 'gateway'],
    ['Gateway', 'gateway'],
    ['stickyby', 'stickyBy'],
    ['shdaow', 'shadow'],
  ])('%s means %s', (word, meant) => {
    expect(nearest(word, KEYS)).toBe(meant);
  });

  it.each(['weight', 'x', '', 'y'.repeat(100_000)])('a word that resembles none means none', (word) => {
    expect(nearest(word, KEYS)).toBeUndefined();
  });

  it('takes the nearer of two', () => {
    expect(nearest('total', ['tota', 'totals', 'total'])).toBe('total');
    expect(nearest('firstBytes', ['first', 'firstByte'])).toBe('firstByte');
  });
});
