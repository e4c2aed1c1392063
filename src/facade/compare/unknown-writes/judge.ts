import type { Looked, UnknownWrite } from '../../store/unknown-write.ts';
import type { Verification } from '../verify.ts';

/** What a look at the record says of an unknown write, and when it is looked at again. Pure. */

/** Of a record that cannot be read: the last one about half an hour after the write. */
export const MAX_LOOKS = 10;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 300_000;

export interface LookFacts {
  readonly write: Pick<UnknownWrite, 'at' | 'looks' | 'checks'>;
  readonly verification: Verification;
  /** Milliseconds since 1970: when the record was asked for. */
  readonly askedAt: number;
  /** `verify.after` of the route: each pause is twice the one before. */
  readonly afterMs: number;
  readonly notArrivedAfterMs: number;
}

export function judgeLook({ write, verification, askedAt, afterMs, notArrivedAfterMs }: LookFacts): Looked {
  const { result, missing, why, doubt } = verification;
  if (result === 'arrived') return { state: 'arrived', why: null, missing: [], nextLookAt: null };
  const settlesAt = write.at.getTime() + notArrivedAfterMs;
  const isLast = write.looks + 1 >= MAX_LOOKS;
  const again = (ms: number): Date => new Date(askedAt + Math.max(1, ms));
  const pause = Math.max(afterMs, MIN_PAUSE_MS) * 2 ** write.looks;
  if (result === 'not_arrived') {
    // Before that time it may still be on its way. The look at that time is the last one, however many there were.
    if (askedAt < settlesAt)
      return { state: 'open', why: null, missing, nextLookAt: again(Math.min(pause, settlesAt - askedAt)) };
    // Part of it is there, or it may be there in another form: a second write would be sent on top of it.
    const isInPart = missing.length < (write.checks?.fields.length ?? 0);
    const reason = isInPart ? 'arrived_in_part' : doubt;
    return reason
      ? { state: 'cannot_tell', why: reason, missing, nextLookAt: null }
      : { state: 'not_arrived', why: null, missing, nextLookAt: null };
  }
  const reason = why ?? 'not_read';
  if (why === 'not_read' && !isLast)
    return { state: 'open', why: reason, missing: [], nextLookAt: again(Math.min(pause, MAX_PAUSE_MS)) };
  return { state: 'cannot_tell', why: reason, missing: [], nextLookAt: null };
}
