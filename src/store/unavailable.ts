/**
 * The store cannot be had. The message is for the operator: it says what still works and what to do, and holds no
 * password, since connection strings never enter it.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Routing works, enrichment needs a database: ${reason}`, options);
  }
}

/** `ECONNREFUSED`, `28P01`, ...: what may be told of an error whose message may quote a host, a user or a value. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown error';
}
