import type { z } from 'zod';
import { expectationAt, knownKeysAt } from './expectation.ts';
import { nearest } from './nearest.ts';
import { valueAt } from './place.ts';
import type { ConfigPath, Finding } from './problem.ts';
import type { TableSchema } from './table-schema.ts';

/**
 * From what zod says ("Invalid input: expected number, received string") to what an operator needs: what stands there,
 * and what to write instead. Texts of the schema that begin with "write" are remedies already.
 */

type SchemaIssue = z.core.$ZodIssue;

interface JudgedValue {
  /** The document as data. */
  readonly root: unknown;
  readonly schema: TableSchema;
}

const MAY_BE_SECRET: ReadonlySet<string | number | undefined> = new Set(['url', 'secret']);

/** Short scalars are repeated, so that the report can be read without the file. A URL is not: it may hold a secret, or be one. */
function shown(value: unknown, path: ConfigPath): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value);
  return MAY_BE_SECRET.has(path.at(-1)) || text.length > 48
    ? `a ${typeof value === 'string' ? 'text' : typeof value}`
    : text;
}

function unknownKeys(keys: readonly string[], path: ConfigPath, { schema }: JudgedValue): Finding[] {
  const known = knownKeysAt(schema.json, path);
  return keys.map((key) => ({
    path: [...path, key],
    at: 'key',
    message: 'unknown key',
    remedy: () => {
      const meant = nearest(key, known);
      return meant === undefined ? `known here: ${known.join(', ')}` : `did you mean "${meant}"?`;
    },
  }));
}

function message(issue: SchemaIssue, value: unknown, path: ConfigPath): string {
  if (value === undefined) return 'is missing';
  if (value === null || value === '') return 'is empty';
  const found = shown(value, path);
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') return `${found} is of the wrong type`;
  if (issue.code === 'invalid_value') return `${found} is not known here`;
  const outOfRange = issue.code === 'too_small' || issue.code === 'too_big';
  if (outOfRange) return Array.isArray(value) ? 'the list is too short' : `${found} is out of range`;
  return `${found} is not in the right form`;
}

function remedy(issue: SchemaIssue, value: unknown, path: ConfigPath, { schema }: JudgedValue): string {
  if (issue.code === 'invalid_value') {
    const meant = typeof value === 'string' ? nearest(value, issue.values.map(String)) : undefined;
    return expectationAt(schema.json, path) + (meant === undefined ? '' : `, did you mean "${meant}"?`);
  }
  if (issue.code === 'too_small' && issue.origin === 'array') return `write at least ${issue.minimum} of them`;
  return issue.message.startsWith('write ') ? issue.message : expectationAt(schema.json, path);
}

/** Of a union's branches the one whose type fits, so that its own fault is named and not "wrong type". */
function fittingBranch(issue: z.core.$ZodIssueInvalidUnion): readonly SchemaIssue[] | undefined {
  return issue.errors.find((branch) => !branch.some((i) => i.code === 'invalid_type' && i.path.length === 0));
}

function explainOne(issue: SchemaIssue, judged: JudgedValue, base: ConfigPath): Finding[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, path, judged);
  const branch = issue.code === 'invalid_union' ? fittingBranch(issue) : undefined;
  if (branch) return branch.flatMap((inner) => explainOne(inner, judged, path));
  const value = valueAt(judged.root, path);
  return [
    { path, at: 'value', message: message(issue, value, path), remedy: () => remedy(issue, value, path, judged) },
  ];
}

/** Every issue of the schema as a finding; `root` is the value that it judged. */
export function explain(issues: readonly SchemaIssue[], root: unknown, schema: TableSchema): Finding[] {
  return issues.flatMap((issue) => explainOne(issue, { root, schema }, []));
}
