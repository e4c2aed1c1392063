import type { Face } from '../rollout/route.ts';
export const renderPath = (face: Face, params: readonly string[]) =>
  '/' + face.segments.map((s) => (typeof s === 'number' ? params[s] : s)).join('/');
export const isSafeParam = (raw: string) => /^[A-Za-z0-9_-]+$/.test(raw);
export const decodesTo = (raw: string, l: string) => raw === l;
