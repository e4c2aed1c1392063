import { OUTCOMES, type Outcome } from '../../src/facade/rollout/outcome.ts';

/** Label matchers over the closed union of outcomes. Made from it, so that a new outcome is never forgotten here. */

type Facts = (typeof OUTCOMES)[Outcome];

function matching(isWanted: (facts: Facts, outcome: Outcome) => boolean): string {
  const names = Object.entries(OUTCOMES) as [Outcome, Facts][];
  return `outcome=~"${names.flatMap(([name, facts]) => (isWanted(facts, name) ? [name] : [])).join('|')}"`;
}

/** The path did not serve: it failed, or the facade kept requests from it. What cannot be translated says nothing of it. */
export const failedAttempt = matching(
  ({ judge, party, phase }) => judge === 'failure' || (party === 'facade' && phase !== 'admit'),
);

/** The caller was not served, and neither by its own fault nor by a choice. */
export const failedRequest = matching(
  ({ judge, party }, outcome) =>
    judge === 'failure' || outcome === 'origin_error' || (party === 'facade' && outcome !== 'untranslatable'),
);

/** Kept from an upstream by the facade itself: breaker, bulkhead, rate budget. */
export const heldBack = matching(({ party, phase }) => party === 'facade' && phase === 'connect');
