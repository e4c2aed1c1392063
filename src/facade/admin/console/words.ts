import type { FlipChangeJson, RolloutJson } from './model.ts';

/** A flip in words. */

export const ROLLOUT_KEYS = ['gateway', 'shadow', 'fallback', 'stickyBy'] as const;

const word = (key: keyof RolloutJson, value: number | string): string =>
  key === 'gateway' || key === 'shadow' ? `${value} %` : String(value);

/** `gateway 0 % → 25 %, shadow 100 % → 50 %` */
export const changeWords = ({ from, to }: Pick<FlipChangeJson, 'from' | 'to'>): string =>
  ROLLOUT_KEYS.filter((key) => from[key] !== to[key])
    .map((key) => `${key} ${word(key, from[key])} → ${word(key, to[key])}`)
    .join(', ');
