import { directErrorToGatewayDialect, errorForDialect, unwrapGatewayError } from './answer.ts';
import type { Outcome } from '../../facade/rollout/outcome.ts';
import type { AnswerBody, Dialect, ErrorAnswer, Path, UnderstoodError } from '../../facade/rollout/api-pair.ts';

/**
 * Understands an error answer before anyone judges it. The gateway's 500 may be Contact2Sale's own 404, and its text
 * holds internal URLs; a caller must get the true status, in the shape of its own dialect (docs/wire/gateway.md).
 */

/** Is the answer held back and understood first, rather than streamed? */
export function mustUnderstand(path: Path, asked: Dialect): boolean {
  return path === 'gateway' || asked === 'gateway';
}

/**
 * The gateway gives up on Contact2Sale after 30 s and says so with an empty text; a reset leaves the same text at once.
 * Milliseconds.
 */
const DEADLINE_NOT_RESET = 5_000;

const NOT_LET_IN: UnderstoodError = { outcome: 'upstream_credentials', status: 502, replacement: undefined };
const UNUSABLE: UnderstoodError = { outcome: 'origin_unknown', status: 502, replacement: undefined };
const NO_BODY: AnswerBody = { contentType: undefined, body: Buffer.alloc(0) };

export function understand(answer: ErrorAnswer): UnderstoodError {
  const { path, asked, isSafe, rule, status, contentType, body, durationMs } = answer;
  if (path === 'direct') {
    const replacement = directErrorToGatewayDialect(status, contentType, body, rule);
    return { outcome: status >= 500 ? 'upstream_error' : 'ok', status, replacement };
  }
  const verdict = unwrapGatewayError(status, contentType, body);
  switch (verdict.kind) {
    case 'disguised': {
      // Contact2Sale does not accept the gateway's token: that is not the caller's, whom the facade knows.
      if (verdict.status === 401) return NOT_LET_IN;
      // A redirect is nothing that Contact2Sale's callers know how to follow, and where it leads is not shown.
      const known = verdict.status >= 400 ? verdict.status : 502;
      return {
        outcome: known >= 500 ? 'origin_error' : outcomeBelow500(known),
        status: known,
        replacement: errorForDialect(asked, known),
      };
    }
    case 'unsent':
      return { outcome: 'origin_connect', status: 502, replacement: undefined };
    case 'credentials':
      return NOT_LET_IN;
    case 'lacking':
      return { outcome: 'gateway_lacks_operation', status: 502, replacement: undefined };
    case 'done':
      // A read asks for the body, which is lost.
      return isSafe ? UNUSABLE : { outcome: 'ok', status: 200, replacement: NO_BODY };
    case 'unknown': {
      const isTimeout = verdict.timeout && (status === 504 || durationMs >= DEADLINE_NOT_RESET);
      return isTimeout ? { outcome: 'origin_timeout', status: 504, replacement: undefined } : UNUSABLE;
    }
    case 'own': {
      const replacement = errorForDialect(asked, status, body, rule);
      return { outcome: status >= 500 ? 'upstream_error' : outcomeBelow500(status), status, replacement };
    }
  }
}

/** Of Contact2Sale by way of the gateway: the gateway's own 401 and 403 are `credentials`. */
const outcomeBelow500 = (status: number): Outcome => (status === 403 ? 'origin_forbidden' : 'ok');
