import type { RouteModel } from '../rollout/route.ts';

/** What `compareAnswers` is told of a route; compiled once per reload. */
export interface CompiledRules {
  readonly route: RouteModel;
  /** Names the rules: evidence that was gathered under others is not counted. */
  readonly fingerprint: string;
}
