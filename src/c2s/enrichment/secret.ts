import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in constant time, whatever the lengths: what is compared are two digests. An empty secret fits nothing. */
export function isSecret(given: unknown, secret: string): boolean {
  if (typeof given !== 'string' || secret === '') return false;
  return timingSafeEqual(digest(given), digest(secret));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
