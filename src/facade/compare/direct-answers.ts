import type { InboundRequest } from '../forward/exchange.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { PathAnswer } from './comparison.ts';

/**
 * Takes the answers of direct that the comparison reads anyway, as they came: before any conversion, so always in the
 * dialect of direct, whichever the caller speaks.
 * @param question what was asked, in one text for the same question; undefined: a write that was done, each of which is one
 *   of its own, though all creates have one path
 */
export type DirectAnswerSink = (
  model: Pick<RouteModel, 'id' | 'gateway'>,
  question: string | undefined,
  answer: PathAnswer,
) => void;

/** A caller of either dialect asks the same by another path, which does no harm: a question counts twice then. */
export const questionOf = ({ req, target }: InboundRequest): string => `${req.method} ${target.path}?${target.query}`;
