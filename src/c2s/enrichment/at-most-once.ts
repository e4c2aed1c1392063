import type { Write } from './facade-client.ts';
import type { Enrichment } from './repository.ts';
import type { FailureReason } from './enrichment.ts';
import { again, end, type StepEnd } from './step-end.ts';

/**
 * A write into the CRM, at most once. The intent is recorded before the write leaves, and its outcome afterwards. Only
 * the CRM can prove what became of an earlier write, so every write after the first one begins with a look into the CRM,
 * and so does the first one of a run that has not read the CRM itself: the row may come from a backup.
 *
 * A look that does not find the write means "not carried out" only `settleMs` after the intent, when a write under way
 * cannot arrive any more. The same clock binds the writer: an intent that took too long to record is not followed by a
 * write, because another process may have waited `settleMs`, looked, and written meanwhile.
 */

/** What the CRM shows of an earlier write. */
export type Look<T> =
  | { readonly kind: 'there'; readonly found: T }
  | { readonly kind: 'absent' }
  /** The CRM does not show enough to tell. */
  | { readonly kind: 'cannot-tell' }
  | { readonly kind: 'failed'; readonly retryAfter: number | undefined }
  /** There is nothing left to write to. */
  | { readonly kind: 'ended'; readonly end: StepEnd };

export interface OnceContext {
  /** Milliseconds after which a write that was begun cannot arrive any more. */
  readonly settleMs: number;
  /** Records the intent; rejects when this process may not write. @returns milliseconds that passed meanwhile. */
  readonly intend: () => Promise<number>;
  /** The answer has arrived and is not recorded yet. */
  readonly answered: () => void;
  /** This run has read from the CRM that nothing was written for this enrichment. */
  readonly hasLooked: boolean;
}

interface OnceWrite<T> {
  look(): Promise<Look<T>>;
  write(): Promise<Write<T>>;
  /** The write was carried out. */
  done(found: T): StepEnd;
  readonly refused: FailureReason;
  readonly unknown: FailureReason;
}

/** Part of the settle time after which a first look is taken: most writes whose answer was lost are visible by then. */
const FIRST_LOOK = 20;
/** Part of the settle time that recording the intent may take. The rest is the time of the write itself. */
const INTENT_PART = 4;

/** Outcomes after which a write cannot arrive any more, so that nothing has to settle. */
const SETTLED_OUTCOMES: ReadonlySet<string | null> = new Set(['unsent', 'put_off']);

export async function writeAtMostOnce<T>(row: SendState, context: OnceContext, once: OnceWrite<T>): Promise<StepEnd> {
  const { settleMs } = context;
  if (row.sends > 0 || !context.hasLooked || isFromBefore(row, settleMs)) {
    const verdict = judge(row, await once.look(), settleMs, once);
    if (verdict) return verdict;
  }
  const tookMs = await context.intend();
  // Nothing was sent under this intent, and the next try looks again.
  if (tookMs > settleMs / INTENT_PART)
    return again('store_slow', { wait: settleMs / FIRST_LOOK, sendOutcome: 'unsent' });
  const write = await once.write();
  context.answered();
  switch (write.kind) {
    case 'done':
      return once.done(write.found);
    case 'refused':
      return end('refused', { reason: once.refused, sendOutcome: 'refused' });
    case 'unsent':
    case 'put_off':
      return again('crm_unavailable', { retryAfter: write.retryAfter, sendOutcome: write.kind });
    case 'unknown':
      return again('settling', { wait: settleMs / FIRST_LOOK, sendOutcome: 'unknown' });
  }
}

type SendState = Pick<Enrichment, 'sends' | 'sendAge' | 'sendOutcome' | 'lineageAge'>;

/** The row is older than the history that the database is in, and that one is younger than a write can take. */
const isFromBefore = ({ lineageAge }: SendState, settleMs: number): boolean =>
  lineageAge !== null && lineageAge < settleMs;

/** Undefined: nothing was written, and nothing can arrive any more. */
function judge<T>(row: SendState, look: Look<T>, settleMs: number, once: OnceWrite<T>): StepEnd | undefined {
  const { sends, sendAge, sendOutcome, lineageAge } = row;
  const mayHaveLeft = sends > 0 && sendOutcome !== 'unsent';
  switch (look.kind) {
    case 'there':
      return once.done(look.found);
    case 'ended':
      return look.end;
    case 'failed':
      return again('crm_unavailable', { retryAfter: look.retryAfter });
    case 'cannot-tell':
      return mayHaveLeft ? end('unknown', { reason: once.unknown, sendOutcome: 'unknown' }) : undefined;
    case 'absent':
      break;
  }
  // A write of the history before may be under way, whatever this one knows.
  if (isFromBefore(row, settleMs)) return again('settling', { wait: settleMs - (lineageAge ?? 0) });
  if (!mayHaveLeft || SETTLED_OUTCOMES.has(sendOutcome)) return undefined;
  const left = settleMs - (sendAge ?? 0);
  if (left > 0) return again('settling', { wait: left });
  // Cut off by a crash of ours: at once. Lost by the CRM: it is failing, so it gets the usual pauses.
  return sendOutcome === null ? undefined : again('crm_unavailable', { sendOutcome: 'unsent' });
}
