import { problem } from './answer.ts';
import type { Answer } from './answer.ts';

/** The answer to resolve-source while no ads gateway is configured. */
export const adsUnset = (requestId: string): Answer =>
  problem(
    {
      name: 'not-configured',
      status: 503,
      title: 'No ads gateway',
      detail: 'The source of a lead cannot be resolved: this gateway was given no address of an ads gateway.',
    },
    requestId,
  );
