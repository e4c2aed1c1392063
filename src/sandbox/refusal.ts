import type { ErrorRequestHandler } from 'express';
import type { z } from 'zod';

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

/** Errors as the stand-ins answer them, always JSON; a malformed escape in the path (`%FF`) is Express's own 400. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) return next(error);
  if (error instanceof Refusal) {
    res.set(error.headers).status(error.status).json({ error: error.message });
    return;
  }
  res.status(statusOf(error)).json({ error: error instanceof Error ? error.message : 'internal error' });
};

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : 500;
}
