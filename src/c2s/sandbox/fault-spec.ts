import { z } from 'zod';
import { splitTarget } from './received.ts';

/** A fault as it is written, in process or as JSON. Unknown keys are errors: a misspelt one would test nothing. */
const faultFields = z.strictObject({
  /** With a `:parameter` the whole path must match; without one it is a prefix that ends between two segments. */
  path: z.string().startsWith('/'),
  /** A path without parameters is the whole path too, not a prefix. */
  exact: z.boolean().optional(),
  /** Upper case. Left out: every method. */
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'write the method in upper case')
    .optional(),
  /** Parameters that the query must hold, decoded: one CPF of two, one kind of list. Left out: any query. */
  query: z.record(z.string(), z.string()).optional(),
  /** Milliseconds before anything else happens, to every request that matches. */
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** Share (0..1) of the matching requests that meet the ending (status, reset or hang). Default: all of them. */
  errorRate: z.number().min(0).max(1).optional(),
  /** Status of the answer. Default: 500. */
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Text is sent as text/plain, all else as JSON. Default: `{"error": <reason phrase>}`. */
  body: z.json().optional(),
  /** The connection is reset: before the answer begins, inside its head, or half way through its body. */
  reset: z.enum(['before-headers', 'mid-headers', 'mid-body']).optional(),
  /** Nothing is answered, ever; the connection stays open until somebody leaves. */
  hang: z.literal(true).optional(),
  /** The operation is carried out first, and only its answer meets the fault: the write happened, nobody knows. */
  applied: z.boolean().optional(),
  /** How often it strikes before it is used up. Default: until it is removed. */
  times: z.int().min(1).optional(),
});
export type FaultSpec = z.output<typeof faultFields>;

export const faultSchema = faultFields
  .refine(
    (spec) => spec.latencyMs !== undefined || hasEnding(spec),
    'write what happens: latencyMs, status, reset or hang',
  )
  .refine((spec) => !(spec.reset && spec.hang), 'write either reset or hang');

/** Whether the fault does more than to delay. */
export function hasEnding(spec: FaultSpec): boolean {
  return [spec.status, spec.body, spec.headers, spec.reset, spec.hang, spec.errorRate].some(
    (part) => part !== undefined,
  );
}

/** @param target raw: path and query */
export function matches(spec: FaultSpec, method: string, target: string): boolean {
  if (spec.method !== undefined && spec.method !== method) return false;
  const [path, query] = splitTarget(target);
  return matchesPath(spec, path) && matchesQuery(spec, query);
}

function matchesPath(spec: FaultSpec, path: string): boolean {
  const wanted = spec.path.split('/').filter(Boolean);
  const found = path.split('/').filter(Boolean);
  const whole = spec.exact === true || wanted.some((segment) => segment.startsWith(':'));
  if (whole ? wanted.length !== found.length : wanted.length > found.length) return false;
  return wanted.every((segment, i) => segment.startsWith(':') || segment === found[i]);
}

function matchesQuery({ query: wanted = {} }: FaultSpec, query: string): boolean {
  const found = new URLSearchParams(query);
  return Object.entries(wanted).every(([name, value]) => found.get(name) === value);
}
