/** The parity reports of GET /api/parity, as far as the command line shows them. */

export interface ParityView {
  readonly route: string;
  readonly window: { readonly from?: string | null };
  readonly counts: {
    readonly match: number;
    readonly mismatch: number;
    readonly ignored: number;
    readonly error: number;
  };
  readonly parity: { readonly low: number | null };
  readonly groups: readonly {
    readonly text: string;
    readonly standing: string;
    readonly cross: { readonly count: number };
  }[];
  readonly coverage: { readonly unseen: readonly string[] };
  readonly verdict: { readonly kind: string; readonly reasons: readonly { readonly text: string }[] };
}

/** The reports of an answer: a list, or a list under a name. */
export function parityOf(answer: unknown): readonly ParityView[] {
  if (Array.isArray(answer)) return answer as ParityView[];
  if (typeof answer !== 'object' || answer === null) return [];
  const list = Object.values(answer).find((value) => Array.isArray(value));
  return (list ?? []) as ParityView[];
}
