import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { charsetOf } from './media.ts';
import { Refused } from './page-errors.ts';
import type { Problem } from './problem.ts';
import { MAY_BE_ILL_FORMED, wellFormed } from './well-formed.ts';
import { announcesBody, collectBody } from './request-body.ts';

/**
 * JSON bodies of the pages that Express serves, public and admin. A body has a size and a time; a compressed one is not
 * read, since a kilobyte of it may stand for a megabyte. What is refused by its head is refused before it is read.
 */

export interface JsonBodyOptions {
  readonly maxBytes: number;
  /** From the first look at the request until its body is whole. */
  readonly deadlineMs: number;
  /**
   * `json`: a body of another content type is refused, rather than left out. `any`: it is read all the same; senders of
   * webhooks name whatever their library does.
   */
  readonly contentType: 'json' | 'any';
}

const CODED: Problem = {
  status: 415,
  kind: 'content-coding',
  detail: 'The body is compressed, and was not read. Send it as it is, without Content-Encoding.',
};
const NO_JSON_TYPE: Problem = {
  status: 415,
  kind: 'content-type',
  detail: 'The body was not read: send it with content-type: application/json. Nothing was changed.',
};
const NO_UTF8: Problem = {
  status: 415,
  kind: 'charset',
  detail: 'The body was not read: send JSON in UTF-8, as RFC 8259 has it.',
};
const NOT_JSON: Problem = {
  status: 400,
  kind: 'not-json',
  detail: 'The body is not JSON. Send JSON in UTF-8. Nothing was changed.',
};

const JSON_TYPE = /^\s*application\/(?:[\w.-]{1,64}\+)?json\s*(?:;|$)/i;
/** US-ASCII is UTF-8. */
const UTF8 = new Set(['utf-8', 'utf8', 'us-ascii']);
/** Lenient: one bad byte in a name must not cost us the lead. It takes a byte order mark off. */
const decoder = new TextDecoder();

const expecting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * The caller sends its body when it is asked for it (Expect: 100-continue): not before whoever it is was judged. Where
 * nobody asks, the body may come or not, so the connection ends with the answer (RFC 9110, 10.1.1).
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  res.shouldKeepAlive = false;
  expecting.set(req, res);
}

/** Puts the parsed body into `req.body`; none at all, or an empty one, is undefined. */
export function jsonBody(options: JsonBodyOptions): RequestHandler {
  const { maxBytes, deadlineMs } = options;
  const tooLarge: Problem = {
    status: 413,
    kind: 'body-too-large',
    detail: `The body is larger than ${maxBytes / 1024} KiB. Send less at once. Nothing was changed.`,
  };
  const tooSlow: Problem = {
    status: 408,
    kind: 'body-timeout',
    detail: `The body did not arrive within ${deadlineMs / 1000} s. Send it again. Nothing was changed.`,
  };
  return (req, _res, next) => {
    req.body = undefined;
    if (!announcesBody(req)) return next();
    const refusal = refusalOfHead(req, options) ?? (isLonger(req, maxBytes) ? tooLarge : undefined);
    if (refusal) return next(new Refused(refusal));
    const timer = setTimeout(() => {
      collecting.cancel();
      next(new Refused(tooSlow));
    }, deadlineMs);
    expecting.get(req)?.writeContinue();
    // Of a caller that left nothing more comes, and nobody is left to be told.
    req.once('close', () => clearTimeout(timer));
    const collecting = collectBody(req, maxBytes, (collected) => {
      clearTimeout(timer);
      if (collected.kind === 'too-large') return next(new Refused(tooLarge));
      const { isJson, value } = parsed(collected.body);
      req.body = value;
      next(isJson ? undefined : new Refused(NOT_JSON));
    });
  };
}

function refusalOfHead({ headers }: IncomingMessage, { contentType }: JsonBodyOptions): Problem | undefined {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') return CODED;
  const type = headers['content-type'] ?? '';
  if (contentType === 'json' && !JSON_TYPE.test(type)) return NO_JSON_TYPE;
  return UTF8.has(charsetOf(type) ?? 'utf-8') ? undefined : NO_UTF8;
}

const isLonger = ({ headers }: IncomingMessage, bytes: number): boolean =>
  Number(headers['content-length'] ?? 0) > bytes;

/** What no database keeps, and nobody means: a push must not fail as a whole for it. */
const repaired = (_key: string, value: unknown): unknown => (typeof value === 'string' ? wellFormed(value) : value);

/** The parser's message quotes the body, so nothing of it is kept. */
function parsed(body: Buffer): { readonly isJson: boolean; readonly value: unknown } {
  const text = decoder.decode(body);
  try {
    return {
      isJson: true,
      value: text === '' ? undefined : JSON.parse(text, MAY_BE_ILL_FORMED.test(text) ? repaired : undefined),
    };
  } catch {
    return { isJson: false, value: undefined };
  }
}
