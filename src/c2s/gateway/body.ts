import { isLosslessNumber, parse, stringify } from 'lossless-json';
import type { z } from 'zod';
import { problem, unprocessable } from './answer.ts';
import type { Answer } from './answer.ts';
import { spellNumber } from './fields.ts';
import type { Operation } from './operations.ts';
import { toIssues } from './validate.ts';

/**
 * From the bytes of a request to the body that Contact2Sale is sent. Read as FastAPI reads (content type, UTF-8,
 * JSON, schema; the last of a repeated key wins), written again from the parsed value, so that what was validated
 * is what is sent. Numbers keep their spelling: a CPF-sized integer or `1e3` is not ours to round.
 */

export type Fields = Record<string, unknown>;
type BodyResult = { readonly ok: true; readonly fields: Fields } | { readonly ok: false; readonly answer: Answer };

const refuse = (answer: Answer): BodyResult => ({ ok: false, answer });
const issue = (type: string, msg: string, loc: readonly (string | number)[] = ['body']): BodyResult =>
  refuse(unprocessable([{ type, loc, msg }]));

const JSON_TYPE = /^\s*application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Deep enough for any rule, shallow enough that neither parser nor printer runs out of stack. */
const MAX_DEPTH = 200;

function tooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return false;
}

const unreadable = (requestId: string, detail: string): BodyResult =>
  refuse(problem({ name: 'bad-body', status: 400, title: 'The body cannot be read', detail }, requestId));

/** FastAPI names the place of the fault; its quote of the whole document is left out. */
function notJson(error: unknown): BodyResult {
  const at = /position (\d+)/.exec(error instanceof Error ? error.message : '');
  return issue('json_invalid', 'JSON decode error', ['body', at ? Number(at[1]) : 0]);
}

/** Reads a request body by the operation's schema. `strict` refuses fields that the schema does not list. */
export function readBody(
  bytes: Uint8Array,
  contentType: string | undefined,
  operation: Operation,
  strict: boolean,
  requestId: string,
): BodyResult {
  if (bytes.length === 0) return issue('missing', 'Field required');
  if (contentType !== undefined && !JSON_TYPE.test(contentType)) return notAnObject();
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return unreadable(requestId, 'There was an error parsing the body: it is not UTF-8.');
  }
  if (tooDeep(text)) return unreadable(requestId, 'There was an error parsing the body: it is nested too deep.');
  let parsed: unknown;
  try {
    parsed = parse(text, null, { onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    return notJson(error);
  }
  return validate(parsed, operation, strict);
}

const notAnObject = (): BodyResult =>
  issue('model_attributes_type', 'Input should be a valid dictionary or object to extract fields from');

function validate(parsed: unknown, operation: Operation, strict: boolean): BodyResult {
  if (parsed === null) return issue('missing', 'Field required');
  if (typeof parsed !== 'object' || Array.isArray(parsed) || isLosslessNumber(parsed)) return notAnObject();
  const schema = operation.body;
  if (!schema) return { ok: true, fields: {} };
  const read = (strict ? strictly(schema) : schema).safeParse(parsed);
  if (!read.success) return refuse(unprocessable(toIssues(read.error, parsed, 'body')));
  return { ok: true, fields: asSent(read.data, parsed as Fields, Object.keys(schema.shape)) };
}

const strictSchemas = new WeakMap<z.ZodObject, z.ZodObject>();

/** The same schema without room for unknown fields; made once, as zod compiles a schema on its first use. */
function strictly(schema: z.ZodObject): z.ZodObject {
  let strict = strictSchemas.get(schema);
  if (!strict) strictSchemas.set(schema, (strict = schema.strict()));
  return strict;
}

/** What the schema made of the body, with numbers spelled as they came and absent optional fields left out. */
function asSent(read: Fields, parsed: Fields, known: readonly string[]): Fields {
  const fields: Fields = { ...read };
  for (const name of known) {
    if (fields[name] === null || fields[name] === undefined) delete fields[name];
    else if (typeof fields[name] === 'number') fields[name] = spellNumber(parsed[name]);
  }
  return fields;
}

/** JSON for Contact2Sale. */
export const writeBody = (fields: Fields): string => stringify(fields) ?? '{}';
