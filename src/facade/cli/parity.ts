/** The parity reports of GET /api/parity, as far as the command line shows them. */

/** A figure and the interval around it; null: of nothing. */
export interface IntervalView {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface ParityReportView {
  readonly route: string;
  readonly window: { readonly from?: string | null };
  readonly counts: {
    readonly match: number;
    readonly mismatch: number;
    readonly ignored: number;
    readonly error: number;
    /** Of a facade that does not tell it: undefined. */
    readonly data?: number;
  };
  /** Why shadows were not judged, and how many. */
  readonly errors?: Readonly<Record<string, number>>;
  /** Milliseconds since the oldest evidence that counts. */
  readonly pace?: { readonly spanMs: number };
  readonly parity: { readonly low: number | null };
  readonly groups: readonly {
    readonly text: string;
    readonly standing: string;
    readonly cross: { readonly count: number };
    /** Direct answers otherwise there than last week. */
    readonly directChanged?: true;
  }[];
  /** Facades of older versions leave it out. */
  readonly proposedRules?: string;
  readonly latency?: { readonly ratio: Readonly<Record<'p50' | 'p95' | 'p99', IntervalView>> };
  readonly failures?: { readonly difference: IntervalView };
  readonly readBacks?: {
    readonly arrived: number;
    readonly notArrived: number;
    readonly cannotTell: number;
    /** Facades of older versions leave it out. */
    readonly share?: IntervalView;
  };
  readonly coverage: { readonly unseen: readonly string[] };
  /** Facades of older versions leave it out. */
  readonly drift?: {
    readonly findings: readonly { readonly level: string; readonly text: string; readonly since: string }[];
    readonly answers: number;
    readonly isLearnt: boolean;
  };
  readonly verdict: { readonly kind: string; readonly reasons: readonly { readonly text: string }[] };
}

/** The reports of an answer: a list, or a list under a name. */
export function parityOf(answer: unknown): readonly ParityReportView[] {
  if (Array.isArray(answer)) return answer as ParityReportView[];
  if (typeof answer !== 'object' || answer === null) return [];
  const list = Object.values(answer).find((value) => Array.isArray(value));
  return (list ?? []) as ParityReportView[];
}
