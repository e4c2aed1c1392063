import type { z } from 'zod';
import type { ValidationIssue } from './answer.ts';
import { readNumber, WHOLE_NUMBER } from './fields.ts';

/**
 * zod's issues in the words of pydantic 2, which the Python gateway is pinned to: callers that read `type` or
 * `loc` find what they found there. pydantic's `input`, which echoes what the caller sent, is left out: it would
 * carry names and phone numbers into the logs of whoever logs answers.
 */

type Issue = z.core.$ZodIssue;
type RequestPart = 'body' | 'query';

const TYPES: Readonly<Record<string, readonly [type: string, msg: string]>> = {
  string: ['string_type', 'Input should be a valid string'],
  number: ['float_type', 'Input should be a valid number'],
  int: ['int_from_float', 'Input should be a valid integer, got a number with a fractional part'],
  boolean: ['bool_parsing', 'Input should be a valid boolean, unable to interpret input'],
  array: ['list_type', 'Input should be a valid list'],
  record: ['dict_type', 'Input should be a valid dictionary'],
  object: ['model_attributes_type', 'Input should be a valid dictionary or object to extract fields from'],
};

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

function wrongType(
  issue: Extract<Issue, { code: 'invalid_type' }>,
  value: unknown,
  place: RequestPart,
): ValidationIssue {
  const loc = locate(place, issue.path);
  if (value === undefined) return { type: 'missing', loc, msg: 'Field required' };
  const numeric = issue.expected === 'number' || issue.expected === 'int';
  if (numeric && typeof value === 'string') {
    return issue.message === WHOLE_NUMBER
      ? { type: 'int_parsing', loc, msg: 'Input should be a valid integer, unable to parse string as an integer' }
      : { type: 'float_parsing', loc, msg: 'Input should be a valid number, unable to parse string as a number' };
  }
  const number = readNumber(value);
  if (numeric && typeof number === 'number' && !Number.isFinite(number)) {
    return { type: 'finite_number', loc, msg: 'Input should be a finite number' };
  }
  const [type, msg] = TYPES[issue.expected] ?? ['value_error', 'Input is not valid'];
  return { type, loc, msg };
}

const locate = (place: RequestPart, path: readonly PropertyKey[]): (string | number)[] => [
  place,
  ...path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
];

function outOfRange(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, place: RequestPart): ValidationIssue {
  const small = issue.code === 'too_small';
  const limit = Number(small ? issue.minimum : issue.maximum);
  const loc = locate(place, issue.path);
  if (small && !issue.inclusive) {
    return { type: 'greater_than', loc, msg: `Input should be greater than ${limit}`, ctx: { gt: limit } };
  }
  return small
    ? { type: 'greater_than_equal', loc, msg: `Input should be greater than or equal to ${limit}`, ctx: { ge: limit } }
    : { type: 'less_than_equal', loc, msg: `Input should be less than or equal to ${limit}`, ctx: { le: limit } };
}

function translate(issue: Issue, input: unknown, place: RequestPart): readonly ValidationIssue[] {
  switch (issue.code) {
    case 'invalid_type':
      return [wrongType(issue, valueAt(input, issue.path), place)];
    case 'too_small':
    case 'too_big':
      return [outOfRange(issue, place)];
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        type: 'extra_forbidden',
        loc: locate(place, [...issue.path, key]),
        msg: 'Extra inputs are not permitted',
      }));
    case 'custom':
      return [{ ...NOT_TEXT, loc: locate(place, issue.path) }];
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'invalid_value':
    case 'not_multiple_of':
      return [{ type: 'value_error', loc: locate(place, issue.path), msg: 'Input is not valid' }];
  }
}

/** The only refinement in the schemas is that text is well-formed Unicode. */
const NOT_TEXT = {
  type: 'string_unicode',
  msg: 'Input should be a valid string, unable to parse raw data as a unicode string',
};

/** Every issue of a failed parse as an entry of FastAPI's 422. `input` is what was parsed. */
export function toIssues(error: z.ZodError, input: unknown, place: RequestPart): ValidationIssue[] {
  return error.issues.flatMap((issue) => translate(issue, input, place));
}
