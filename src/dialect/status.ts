import type { RouteModel } from '../rollout/route.ts';
export const successStatus = (r: RouteModel, a: 'direct' | 'gateway', p: string, s: number) =>
  a !== p && s >= 200 && s < 300 ? (r.success[a] ?? s) : s;
