/**
 * The status of an error that Express, or a part of it, lays at the caller's door: 400 for `%ZZ` in a path, 413 for a
 * body that is too large. Undefined: the fault is ours. The error's message quotes what was sent, so it is for nobody.
 */
export function callersStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
