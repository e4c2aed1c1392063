import { paramValue } from '../../http/percent.ts';
import type { Rollout } from './route.ts';

/**
 * Which side a request takes: the sticky value is hashed into one of 10,000 buckets, and the gateway serves the
 * buckets below `gateway × 100`. So the same value stays on one side while the percentage grows, raising it moves
 * only new values, and lowering it moves only the last ones back. No cookie, no state, the same on every instance.
 * The hash has no salt per route on purpose: a lead that is read through the gateway is written through it too.
 */

export const BUCKETS = 10_000;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The bucket of a sticky value, 0..9999: FNV-1a, then murmur3's finalizer, since FNV's low bits are poor on short ids. */
export function bucketOf(value: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
}

/**
 * Is a safe request of this bucket copied? The shadows are the top buckets, the ones that move to the gateway last, so
 * that a canary is still compared on values that it does not serve yet; and as with the gateway's share, the same value
 * is always shadowed or never. A route that is sticky by caller has few values, of which a share would be all or nothing:
 * there each request draws for itself.
 */
export function isShadowed({ shadow, stickyBy }: Rollout, bucket: number): boolean {
  if (shadow === 0) return false;
  return (stickyBy < 0 ? nextDraw() : bucket) >= BUCKETS - shadow;
}

let draw = 0;
/** Every bucket once in 10,000 draws, spread evenly: the step is near the golden ratio and has no factor in common. */
function nextDraw(): number {
  return (draw = (draw + 6_181) % BUCKETS);
}

/** The bucket of a raw path parameter: `%61bc` and `abc` are the same lead, so it is decoded first. */
export function bucketOfParam(raw: string): number {
  return bucketOf(paramValue(raw));
}
