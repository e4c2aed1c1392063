/** Time was over before there was an answer; nobody knows whether one would have come. */
export class TimeOver extends Error {
  override readonly name = 'TimeOver';
  /** As of a connection that timed out. */
  readonly code = 'ETIMEDOUT';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/**
 * What `work` comes to, if it does so in time. Work that comes too late goes on unheard; whoever began it bounds it.
 * @throws TimeOver, or what `work` throws.
 */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new TimeOver(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
