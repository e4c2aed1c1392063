/** Why a flip was not made, for whoever asked for it. */
export type RefusalKind =
  /** A route or a revision that does not exist. */
  | 'unknown'
  /** The loader would refuse such a table. */
  | 'invalid'
  /** Something else is in force than the caller thought. */
  | 'conflict'
  /** The evidence does not allow it (flip-guard.ts), and whoever asked did not say `force`. */
  | 'needs-force'
  /** The file cannot be written. */
  | 'read-only'
  /** The database holds the rollouts and does not answer. */
  | 'unavailable'
  /** The only one after which something may have been changed: nobody can say whether it was. */
  | 'uncertain';

/** Nothing was changed, unless it is `uncertain`. The message says what to do. */
export class FlipRefused extends Error {
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
