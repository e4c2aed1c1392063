import type { FacadeConfig } from '../config/schema.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { ParitySettings } from './book.ts';
import { compileRules, type CompiledRules } from './rules.ts';

/** From `compare:` and `knownDifferences:` of the config to what the comparison is handed. */

export function paritySettings({ compare }: FacadeConfig): ParitySettings {
  const { window, shadows, minSamples, minNoise, noiseShare } = compare;
  return { windowMs: window, maxShadows: shadows, minSamples, minNoise, noiseShare };
}

export function rulesOf(config: FacadeConfig, routes: readonly RouteModel[]): CompiledRules[] {
  return routes.map((route) => compileRules(route, config.knownDifferences, config.compare.maxBody));
}
