/**
 * Who a caller is to every limit. A *known* caller presents one of our tokens; a *stranger* does not, and calls
 * Contact2Sale with credentials of its own, or with none.
 *
 * One rule holds for every limit: strangers use at most their part of it, and known callers may use all that strangers do
 * not use at that moment. So no number of strangers takes more than their part from known callers, and nothing stands
 * idle that a known caller could use.
 */
export type CallerStanding = 'known' | 'stranger';

/** Makes up for 1 - 0.8 being 0.19999999999999996: a whole number must not become the one below. */
const ROUNDING = 1e-9;

/**
 * How many of `limit` places strangers may use. At least one, unless the limit is 1 or the share 1: a small limit must
 * not refuse strangers altogether, and the last place is a known caller's.
 *
 * @param knownShare `server.knownCallerShare`, 0..1.
 */
export function strangersPart(limit: number, knownShare: number): number {
  const part = Math.floor(limit * (1 - knownShare) + ROUNDING);
  return part > 0 || knownShare === 1 ? part : Math.min(1, limit - 1);
}
