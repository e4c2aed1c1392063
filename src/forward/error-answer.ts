import { directErrorToGatewayDialect, errorForDialect, unwrapGatewayError } from '../dialect/answer.ts';
import type { Outcome } from '../rollout/outcome.ts';
import type { Dialect, Path } from '../rollout/route.ts';

/**
 * Understands an error answer before anyone judges it. The gateway's 500 may be Contact2Sale's own 404, and its text
 * holds internal URLs; a caller must get the true status, in the shape of its own dialect.
 */

/** Longest error answer that is read in order to be understood; of a longer one only the status counts. */
export const LONGEST_ERROR_ANSWER = 64 * 1024;

export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export interface Understood {
  readonly outcome: Outcome;
  readonly status: number;
  /** What the caller gets in place of the upstream's body; undefined: the upstream's own. */
  readonly replacement: { readonly contentType: string; readonly body: Buffer } | undefined;
}

/** Is the answer held back and understood first, rather than streamed? */
export function isHeldBack(path: Path, asked: Dialect, status: number): boolean {
  return path === 'gateway' ? status >= 400 : asked === 'gateway' && status >= 400;
}

export function understand(path: Path, asked: Dialect, answer: ErrorAnswer): Understood {
  const { status, contentType, body } = answer;
  if (path === 'direct') {
    const outcome = status >= 500 ? 'upstream_error' : 'ok';
    return { outcome, status, replacement: directErrorToGatewayDialect(status, contentType, body) };
  }
  const verdict = unwrapGatewayError(status, contentType, body);
  switch (verdict.kind) {
    case 'disguised': {
      const outcome = verdict.status >= 500 ? 'origin_error' : 'ok';
      return { outcome, status: verdict.status, replacement: errorForDialect(asked, verdict.status, verdict, answer) };
    }
    case 'unsent':
      return { outcome: 'origin_connect', status: 502, replacement: undefined };
    case 'unknown':
      return verdict.timeout
        ? { outcome: 'origin_timeout', status: 504, replacement: undefined }
        : { outcome: 'origin_unknown', status: 502, replacement: undefined };
    case 'own': {
      const outcome = status >= 500 ? 'upstream_error' : 'ok';
      return { outcome, status, replacement: errorForDialect(asked, status, verdict, answer) };
    }
  }
}
