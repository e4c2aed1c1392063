import type { ErrorRequestHandler } from 'express';
import type { z } from 'zod';
import { callersStatus } from '../../http/callers-status.ts';

/** A request that the stand-in does not carry out: an HTTP status and the text of `{"error": …}`. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: string, headers: Readonly<Record<string, string>> = {}) {
    super(error);
    this.status = status;
    this.headers = headers;
  }
}

/** `value` as the schema's output, else a 422 that names every field that is wrong. */
export function valid<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new Refusal(422, faults.join('; '));
}

/**
 * Errors as the stand-ins answer them: JSON in Contact2Sale's form, never a problem document. Of what Express or its
 * body parser throws (`%FF` in a path, broken JSON) the status alone is told: the message quotes what was sent.
 */
export const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  // Express's own handler would write the error, message and all, to standard error.
  if (res.headersSent) return void res.destroy();
  if (error instanceof Refusal) {
    res.set(error.headers).status(error.status).json({ error: error.message });
    return;
  }
  const status = callersStatus(error);
  res.status(status ?? 500).json({ error: status === undefined ? 'internal error' : 'the request cannot be read' });
};
