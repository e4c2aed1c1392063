import type { RequestHandler } from 'express';
import { z } from 'zod';
import { Refusal } from './refusal.ts';

export const rateLimitSchema = z.strictObject({
  /** Requests that are answered in each period. */
  requests: z.int().min(0),
  /** Milliseconds. */
  periodMs: z.int().min(1),
});
export type RateLimitSettings = z.output<typeof rateLimitSchema>;

/**
 * Contact2Sale's throttling: so many requests in a fixed window, then 429 with Retry-After until it ends. Clients
 * report anything from ten a minute to two a second, so it is a setting, and off unless somebody sets it.
 */
export class RateLimit {
  readonly #now: () => number;
  #settings: RateLimitSettings | undefined;
  #windowEnd = 0;
  #used = 0;

  /** @param now milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Sets the limit anew, with an unused window; `undefined` switches it off. */
  set(settings: RateLimitSettings | undefined): void {
    this.#settings = settings;
    this.#windowEnd = 0;
  }

  middleware(): RequestHandler {
    return (_req, _res, next) => {
      const wait = this.#take();
      if (wait === 0) return next();
      throw new Refusal(429, 'too many requests', { 'Retry-After': String(Math.ceil(wait / 1_000)) });
    };
  }

  /** Takes one request from the window. Milliseconds until the next window when there is none left, else 0. */
  #take(): number {
    if (!this.#settings) return 0;
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + this.#settings.periodMs;
      this.#used = 0;
    }
    if (this.#used >= this.#settings.requests) return this.#windowEnd - now;
    this.#used += 1;
    return 0;
  }
}
