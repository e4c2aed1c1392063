import { isJsonAnswerType } from '../../http/media.ts';
import { charsetIn, textOf } from './body-text.ts';
import { notRun, type PathAnswer, type Comparison, type Difference, type ErrorReason } from './comparison.ts';
import { bodyFacts } from './coverage.ts';
import { headerOf } from './head.ts';
import { readJson } from './json-value.ts';
import { normalise } from './normalise.ts';
import { isKnown, type CompiledRules } from './rules.ts';
import { MAX_DIFFERENCES, structuralDifferences } from './structure.ts';
import { reasonNotToJudge, understood, type UnderstoodAnswer } from './understood.ts';

/**
 * Would a caller have noticed which of two answers it got? Pure: both answers are whole in memory, the clock comes in
 * (for the ledger only). The steps: leave out what cannot be judged · failures · status · headers · body.
 *
 * Errors are compared by status alone. Their texts are each dialect's own, and on the live way they are replaced.
 */

/**
 * @param control the answer of direct, whichever of the two was live
 * @param candidate the answer of the gateway, or of direct once more to learn the noise
 * @param now milliseconds since the epoch
 * @param withFacts what the answers show for the coverage is worked out too: dearer than most comparisons
 */
export function compareAnswers(
  rules: CompiledRules,
  control: PathAnswer,
  candidate: PathAnswer,
  now: number,
  withFacts = true,
): Comparison {
  const reason = reasonNotToJudge(control) ?? reasonNotToJudge(candidate);
  if (reason !== undefined) return notRun(reason);
  const left = understood(rules.route, control, rules.maxBodyBytes);
  const right = understood(rules.route, candidate, rules.maxBodyBytes);
  const unfit = unfitFor(left, right, rules.maxBodyBytes);
  if (unfit !== undefined) return { ...notRun(unfit), control: sideOf(left), candidate: sideOf(right) };
  const differences = differencesOf(rules, left, right);
  const isFine = differences.every((difference) => isKnown(rules.known, difference, now));
  return {
    result: differences.length === 0 ? 'match' : isFine ? 'ignored' : 'mismatch',
    reason: undefined,
    differences: differences.slice(0, MAX_DIFFERENCES),
    isCapped: differences.length > MAX_DIFFERENCES,
    hasData: left.status === right.status && hasData(left) && hasData(right),
    facts: withFacts ? factsOf(left) : [],
    control: sideOf(left),
    candidate: sideOf(right),
  };
}

/**
 * Facts of an answer that a live caller got from direct, for the coverage. Sample before calling: it costs a parse.
 */
export function answerFacts(rules: CompiledRules, answer: PathAnswer): readonly string[] {
  const side = understood(rules.route, answer, rules.maxBodyBytes);
  return side.decoded.kind === 'ok' ? factsOf(side) : [];
}

const sideOf = ({ status, isFailed, ms }: UnderstoodAnswer) => ({ status, isFailed, ms });

const hasData = ({ status, isFailed, decoded }: UnderstoodAnswer): boolean =>
  !isFailed && status < 300 && decoded.kind === 'ok' && decoded.body.length > 0;

const isUnauthorizedDirect = ({ answer, status }: UnderstoodAnswer): boolean =>
  answer.path === 'direct' && status === 401;

/** Spaces, line breaks and escapes make no document longer by more. */
const MAX_SPELLING_FACTOR = 4;

/** Why two answers say nothing of each other. @param longest bytes that were kept of a body. */
function unfitFor(left: UnderstoodAnswer, right: UnderstoodAnswer, longest: number): ErrorReason | undefined {
  if (left.isRefused && right.isRefused) return 'refused';
  // Only known callers are compared, and of them direct is shown the facade's own token: its 401 says nothing of the gateway.
  if (isUnauthorizedDirect(left) || isUnauthorizedDirect(right)) return 'refused';
  if (left.isFailed && right.isFailed) return 'both_failed';
  if (left.status === 429 || right.status === 429)
    return left.isFailed || left.status === 429 ? 'rate_limited' : 'limited_alone';
  if (left.isFailed || right.isFailed || left.status !== right.status) return undefined;
  if (left.status >= 400) return undefined;
  // Beside one that is this much shorter nobody needs to read an answer to know that it is another one.
  const isShort = (side: UnderstoodAnswer) => (bodyOf(side)?.length ?? 0) * MAX_SPELLING_FACTOR <= longest;
  if ((isTooLarge(left) && (isTooLarge(right) || !isShort(right))) || (isTooLarge(right) && !isShort(left)))
    return 'too_large';
  const areUnreadable = left.decoded.kind === 'unreadable' && right.decoded.kind === 'unreadable';
  return areUnreadable && left.status < 300 ? 'unreadable' : undefined;
}

function differencesOf(rules: CompiledRules, left: UnderstoodAnswer, right: UnderstoodAnswer): Difference[] {
  const whole = (kind: Difference['kind'], from: string, to: string): Difference => ({ path: '', kind, from, to });
  if (left.isFailed || right.isFailed) return [whole('failure', told(left), told(right))];
  if (left.status !== right.status) return [whole('status', told(left), told(right))];
  const headers = headerDifferences(rules.route.compare.headers, left, right);
  // Redirects and errors are their status (and the headers that were asked for).
  return left.status >= 300 ? headers : headers.concat(bodyDifferences(rules, left, right));
}

const told = ({ status }: UnderstoodAnswer) => (status === 0 ? 'no answer' : String(status));

function headerDifferences(names: readonly string[], left: UnderstoodAnswer, right: UnderstoodAnswer): Difference[] {
  return names.flatMap((name) => {
    const [a, b] = [left, right].map(({ answer }) => comparable(name, headerOf(answer.rawHeaders, name)));
    if (a === b) return [];
    const shape = (value: string | undefined) => (value === undefined ? 'absent' : 'text');
    return [{ path: `header:${name}`, kind: 'header', from: shape(a), to: shape(b) }];
  });
}

/** The two endpoints have paths of their own, so of the targets of `link` only the queries can agree. */
const comparable = (name: string, value: string | undefined): string | undefined =>
  name === 'link' ? value?.replace(LINK_PATH, '<') : value;

const LINK_PATH = /<[^<>?]*/g;

function bodyDifferences({ route }: CompiledRules, left: UnderstoodAnswer, right: UnderstoodAnswer): Difference[] {
  // The same bytes are the same document, whatever the rules say of it; most answers end here.
  if (areSameBytes(left, right)) return [];
  const [x, y] = [jsonOf(left), jsonOf(right)];
  if (x && y) return structuralDifferences(normalise(x, route.compare), normalise(y, route.compare));
  const [from, to] = [kindOf(left, x !== undefined), kindOf(right, y !== undefined)];
  if (from !== to) return [{ path: '', kind: 'type', from, to }];
  return areSameText(left, right) ? [] : [{ path: '', kind: 'hash', from, to }];
}

/** And read alike: bytes in one charset are another text in another. */
function areSameBytes(left: UnderstoodAnswer, right: UnderstoodAnswer): boolean {
  const [a, b] = [bodyOf(left), bodyOf(right)];
  if (!a || !b || !a.equals(b)) return false;
  const [x, y] = [left.contentType, right.contentType];
  return x === y || (isJsonAnswerType(x) === isJsonAnswerType(y) && charsetIn(x) === charsetIn(y));
}

function areSameText(left: UnderstoodAnswer, right: UnderstoodAnswer): boolean {
  const [a, b] = [left, right].map((side) => textOf(bodyOf(side) ?? EMPTY, side.contentType));
  return a !== undefined && a === b;
}

const EMPTY = Buffer.alloc(0);

/** Undefined where it cannot be unpacked: then nobody can read it, whatever its bytes are. */
const bodyOf = ({ decoded }: UnderstoodAnswer): Buffer | undefined =>
  decoded.kind === 'ok' ? decoded.body : undefined;

const isTooLarge = ({ decoded }: UnderstoodAnswer): boolean => decoded.kind === 'too large';

const jsonOf = (side: UnderstoodAnswer) => readJson(bodyOf(side) ?? EMPTY, side.contentType);

function kindOf(side: UnderstoodAnswer, isJson: boolean): string {
  const body = bodyOf(side);
  if (!body) return isTooLarge(side) ? 'body beyond compare.maxBody' : 'unreadable body';
  return isJson ? 'json' : body.length === 0 ? 'empty body' : 'other body';
}

function factsOf(side: UnderstoodAnswer): readonly string[] {
  return side.isFailed ? [] : bodyFacts(side.status, side.contentType, bodyOf(side));
}
