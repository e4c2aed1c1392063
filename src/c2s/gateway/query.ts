import { unprocessable } from './answer.ts';
import type { Answer, ValidationIssue } from './answer.ts';
import type { Operation } from './operations.ts';
import { toIssues } from './validate.ts';

type QueryResult = { readonly ok: true; readonly query: string } | { readonly ok: false; readonly answer: Answer };

const forbidden = (name: string): ValidationIssue => ({
  type: 'extra_forbidden',
  loc: ['query', name],
  msg: 'Extra inputs are not permitted',
});

function plainly(value: unknown): string {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : (value as string);
}

/**
 * The query that Contact2Sale is sent: defaults, then what the schema lists, validated (of a repeated name the last
 * wins, an empty filter is left out), then every other pair as it came. `raw` is what follows the `?`, undecoded.
 */
export function readQuery(raw: string, operation: Operation, strict: boolean): QueryResult {
  const schema = operation.query;
  if (!schema) return { ok: true, query: raw };
  const given = new URLSearchParams(raw);
  const known: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = given.getAll(name).at(-1);
    if (value !== undefined && (value !== '' || isTyped(operation, name))) known[name] = value;
    given.delete(name);
  }
  if (strict && given.size > 0) return { ok: false, answer: unprocessable([...given.keys()].map(forbidden)) };
  const read = schema.safeParse(known);
  if (!read.success) return { ok: false, answer: unprocessable(toIssues(read.error, known, 'query')) };
  const sent = new URLSearchParams({ ...operation.queryDefaults });
  for (const [name, value] of Object.entries(read.data)) if (value !== undefined) sent.set(name, plainly(value));
  for (const [name, value] of given) sent.append(name, value);
  return { ok: true, query: sent.toString() };
}

/** An empty page or flag is an error, an empty filter is no filter. */
const isTyped = (operation: Operation, name: string): boolean =>
  operation.queryDefaults?.[name] !== undefined || name === 'autofill';
