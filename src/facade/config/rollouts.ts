import { draftOfConfig } from './checks/draft.ts';
import { runChecks } from './checks/index.ts';
import { explain } from './explain.ts';
import { placeName } from './place.ts';
import { remedyOf, type Finding } from './problem.ts';
import { laidOver, type RolloutSet } from './rollout.ts';
import { facadeConfigSchema, type FacadeConfig } from './schema.ts';
import { ENGINE_SCHEMA } from './table-schema.ts';

/**
 * Other rollouts for the routes of a config that was accepted, by the same rules as if they stood in the file. What the
 * store says came from a facade that had another file, perhaps: a route that lost its gateway endpoint since then must not
 * be sent there.
 */

interface RefusedRollout {
  readonly route: string;
  /** What is wrong and what to do instead, one sentence for each fault. */
  readonly reasons: readonly string[];
}

interface Revised {
  readonly config: FacadeConfig;
  /** These routes are as they were. */
  readonly refused: readonly RefusedRollout[];
}

/** Sets what `sets` says of routes that exist; of others it is not asked. Pure. */
export function withRollouts(config: FacadeConfig, sets: ReadonlyMap<string, RolloutSet>): Revised {
  if (sets.size === 0) return { config, refused: [] };
  const routes = config.routes.map((route) => {
    const set = sets.get(route.id);
    return set ? { ...route, rollout: laidOver(route.rollout, set) } : route;
  });
  const reasons = reasonsByRow({ ...config, routes });
  if (reasons.size === 0) return { config: { ...config, routes }, refused: [] };
  const refused = [...reasons].map(([i, sentences]) => ({ route: config.routes[i]?.id ?? '', reasons: sentences }));
  const kept = routes.map((route, i) => (reasons.has(i) ? (config.routes[i] as typeof route) : route));
  return { config: { ...config, routes: kept }, refused };
}

const rolloutSchema = facadeConfigSchema.shape.routes.element.shape.rollout;

/** The rest of the config was accepted before, so whatever is found is of a route's rollout. */
function reasonsByRow(config: FacadeConfig): Map<number, string[]> {
  const issues = config.routes.flatMap(({ rollout }, i) => {
    const parsed = rolloutSchema.safeParse(rollout);
    return parsed.success
      ? []
      : parsed.error.issues.map((issue) => ({ ...issue, path: ['routes', i, 'rollout', ...issue.path] }));
  });
  const found = [...explain(issues, config, ENGINE_SCHEMA), ...runChecks(draftOfConfig(config))];
  const reasons = new Map<number, string[]>();
  for (const finding of found) {
    const [root, row] = finding.path;
    if (root !== 'routes' || typeof row !== 'number') continue;
    reasons.set(row, [...(reasons.get(row) ?? []), sentence(finding, config)]);
  }
  return reasons;
}

const sentence = (finding: Finding, config: FacadeConfig): string =>
  `${placeName(finding.path, config)}: ${finding.message}; ${remedyOf(finding)}`;
