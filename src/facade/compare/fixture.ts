import { z } from 'zod';
import { OUTCOMES, type Outcome } from '../rollout/outcome.ts';
import type { PathAnswer } from './comparison.ts';
import { charsetIn, textOf } from './body-text.ts';
import { textOf as differenceText } from './groups.ts';
import { headerOf } from './head.ts';
import { readJson, type JsonValue } from './json-value.ts';
import { Redactor } from './redact.ts';
import type { CompiledRules } from './rules.ts';
import type { DifferenceSample } from './samples.ts';
import { understood, type UnderstoodAnswer } from './understood.ts';

/**
 * A sample as a file: a pair of answers that can be compared again, offline, by other rules or after a change of the
 * comparison, and kept in a repository, since it holds nothing of anybody. Both sides are written as a caller of the
 * direct dialect would have seen them. `reveal` keeps the values; only for the sandbox, whose data are invented.
 */

const side = z.strictObject({
  path: z.enum(['direct', 'gateway']).describe('Who answered; for the reader.'),
  status: z.int().min(0).max(599),
  headers: z.record(z.string(), z.string()).describe('Those that are compared, and the media type.'),
  failure: z.enum(Object.keys(OUTCOMES) as Outcome[]).optional(),
  ms: z.number().min(0),
  body: z.string().describe('As text, for a JSON document would lose digits of its numbers.'),
});

export const fixtureSchema = z.strictObject({
  version: z.literal(1),
  route: z.string(),
  at: z.iso.datetime(),
  isRedacted: z.boolean(),
  differences: z.array(z.string()).describe('As the report names them; for the reader.'),
  control: side,
  candidate: side,
});

export type Fixture = z.output<typeof fixtureSchema>;
type FixtureSide = Fixture['control'];

/** @param random for the secret amounts, 0 ≤ n < 1 */
export function freeze(sample: DifferenceSample, rules: CompiledRules, random: () => number, reveal = false): Fixture {
  const control = understood(rules.route, sample.control, rules.maxBodyBytes);
  const candidate = understood(rules.route, sample.candidate, rules.maxBodyBytes);
  const redactor = new Redactor(random);
  const hide = reveal ? (text: string) => text : (text: string) => (text === '' ? '' : redactor.text(text));
  const [left, right] = reveal ? [undefined, undefined] : redactor.redact(jsonOf(control), jsonOf(candidate));
  const write = (of: UnderstoodAnswer, redacted: string | undefined): FixtureSide => ({
    path: of.answer.path,
    status: of.status,
    headers: headersOf(of, rules, hide),
    ...(of.answer.failure === undefined ? {} : { failure: of.answer.failure }),
    ms: Math.round(of.ms),
    body: redacted ?? hide(textIn(of)),
  });
  return {
    version: 1,
    route: sample.route,
    at: new Date(sample.at).toISOString(),
    isRedacted: !reveal,
    differences: sample.differences.map(differenceText),
    control: write(control, left),
    candidate: write(candidate, right),
  };
}

/** A fixture as the two answers that it was made of, as far as they are compared. */
export function thaw({ control, candidate }: Fixture): { control: PathAnswer; candidate: PathAnswer } {
  return { control: answerOf(control), candidate: answerOf(candidate) };
}

/** What a fixture shows is already in the words of direct, so nothing is unwrapped a second time. */
function answerOf({ status, headers, failure, ms, body }: FixtureSide): PathAnswer {
  const rawHeaders = Object.entries(headers).flat();
  return { path: 'direct', status, rawHeaders, body: Buffer.from(body), isComplete: true, ms, failure };
}

const EMPTY = Buffer.alloc(0);

/** Errors are compared by status; what they say is left out. */
const bytesOf = ({ status, isFailed, decoded, answer }: UnderstoodAnswer): Buffer =>
  isFailed || status >= 400 ? EMPTY : decoded.kind === 'ok' ? decoded.body : answer.body;

const jsonOf = (of: UnderstoodAnswer): JsonValue | undefined =>
  of.decoded.kind === 'ok' ? readJson(bytesOf(of), of.contentType)?.value : undefined;

/** Bytes that are no text are written a letter each: other bytes are another text. */
const textIn = (of: UnderstoodAnswer): string => textOf(bytesOf(of), of.contentType) ?? bytesOf(of).toString('latin1');

/** In a fixture every body is UTF-8: what was a text in another charset, no text in its own or not to be unpacked is said. */
const BYTES = 'x-bytes';
const UNREADABLE = 'unreadable';

function headersOf(
  of: UnderstoodAnswer,
  { route }: CompiledRules,
  hide: (text: string) => string,
): Record<string, string> {
  const headers = new Map<string, string>();
  for (const name of route.compare.headers) {
    const value = headerOf(of.answer.rawHeaders, name);
    // The body is written as it was unpacked.
    if (value !== undefined && name !== 'content-encoding') headers.set(name, hide(value));
  }
  const type = typeOf(of);
  if (type !== undefined) headers.set('content-type', type);
  if (of.decoded.kind === 'unreadable') headers.set('content-encoding', UNREADABLE);
  return Object.fromEntries(headers);
}

function typeOf(of: UnderstoodAnswer): string | undefined {
  const { contentType } = of;
  const type = contentType?.split(';', 1)[0];
  if (textOf(bytesOf(of), contentType) === undefined) return `${type ?? ''};charset=${BYTES}`;
  return charsetIn(contentType) === 'utf-8' ? contentType : type;
}
