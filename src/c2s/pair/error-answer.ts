import { directErrorToGatewayDialect, errorForDialect, unwrapGatewayError, type ErrorAnswer } from './answer.ts';
import type { BodyRule } from '../../facade/config/schema.ts';
import type { Outcome } from '../../facade/rollout/outcome.ts';
import type { Dialect, Path } from '../../facade/rollout/route.ts';
import { LOOP } from '../../facade/forward/connection.ts';

/**
 * Understands an error answer before anyone judges it. The gateway's 500 may be Contact2Sale's own 404, and its text
 * holds internal URLs; a caller must get the true status, in the shape of its own dialect.
 */

/** Longest error answer that is read in order to be understood; of a longer one only the status counts. */
export const LONGEST_ERROR_ANSWER = 64 * 1024;

/** An error answer, read whole. */
export interface HeldBack {
  /** Who answered. */
  readonly path: Path;
  readonly asked: Dialect;
  /** Names the fields of a 422 as the asking dialect does. */
  readonly rule: BodyRule | undefined;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** Milliseconds that the attempt took. */
  readonly duration: number;
}

export interface Understood {
  readonly outcome: Outcome;
  readonly status: number;
  /** What the caller gets in place of the upstream's body; undefined: the upstream's own. */
  readonly replacement: ErrorAnswer | undefined;
}

/** Is the answer held back and understood first, rather than streamed? */
export function isHeldBack(path: Path, asked: Dialect, status: number): boolean {
  return path === 'gateway' ? status >= 400 : asked === 'gateway' && status >= 400;
}

/**
 * The gateway gives up on Contact2Sale after 30 s and says so with an empty text; a reset leaves the same text at once
 * (gateway-wire.md 8.3). Milliseconds.
 */
const DEADLINE_NOT_RESET = 5_000;

/** In the answer of a facade to which an upstream's address led back. */
const LOOP_TYPE = `"urn:c2s-facade:${LOOP.kind}"`;

export function understand(answer: HeldBack): Understood {
  const { path, asked, rule, status, contentType, body, duration } = answer;
  // The operator's to read, whatever the dialect; it shows nothing of the upstreams.
  if (status === LOOP.status && body.includes(LOOP_TYPE)) {
    return { outcome: 'upstream_error', status, replacement: { contentType: 'application/problem+json', body } };
  }
  if (path === 'direct') {
    const replacement = directErrorToGatewayDialect(status, contentType, body, rule);
    return { outcome: status >= 500 ? 'upstream_error' : 'ok', status, replacement };
  }
  const verdict = unwrapGatewayError(status, contentType, body);
  switch (verdict.kind) {
    case 'disguised': {
      // A redirect is nothing that Contact2Sale's callers know how to follow, and where it leads is not shown.
      const known = verdict.status >= 400 ? verdict.status : 502;
      return {
        outcome: known >= 500 ? 'origin_error' : 'ok',
        status: known,
        replacement: errorForDialect(asked, known),
      };
    }
    case 'unsent':
      return { outcome: 'origin_connect', status: 502, replacement: undefined };
    case 'unknown': {
      const isTimeout = verdict.timeout && (status === 504 || duration >= DEADLINE_NOT_RESET);
      return isTimeout
        ? { outcome: 'origin_timeout', status: 504, replacement: undefined }
        : { outcome: 'origin_unknown', status: 502, replacement: undefined };
    }
    case 'own': {
      const replacement = errorForDialect(asked, status, body, rule);
      return { outcome: status >= 500 ? 'upstream_error' : 'ok', status, replacement };
    }
  }
}
