import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { Fallback, Safety } from '../rollout/route.ts';

/**
 * May a request that the gateway did not serve be sent to direct? The whole of write safety is this one function:
 * what was never sent may go elsewhere; what may have been received may be sent again only when the route says that a
 * repetition does no harm; nothing is sent again once the caller has seen a byte.
 */
export function mayFailover(safety: Safety, outcome: Outcome, fallback: Fallback, answerBegun: boolean): boolean {
  if (fallback === 'none' || answerBegun) return false;
  const { party, delivery, judge } = decisionOf(outcome);
  if (party === 'client') return false;
  if (delivery === 'unsent') return true;
  // Not a fault of the gateway: direct would say the same, at the cost of one more call of the CRM.
  if (judge !== 'failure') return false;
  return safety !== 'unsafe';
}
