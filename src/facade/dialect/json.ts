import { isUtf8 } from 'node:buffer';
import { ok, untranslatable, type Conversion } from './result.ts';

/**
 * JSON as a tree over the text as sent. Translation moves and renames fields and never touches a value, so each node
 * keeps its exact source: a 30-digit id, `1e3`, `1234567.10`, `-0` and every escape leave as they came. A parser of
 * values (lossless-json too) would keep the numbers but hide what must be seen here: duplicate keys with equal values,
 * the order of keys such as "2" and "1", how a text was escaped.
 *
 * `JSON.parse` judges the grammar first, natively; the reader below then only has to find its way through text that is
 * known to be valid, which keeps it short. Depth is bounded before both, so that its recursion is.
 */

export type JsonNode =
  | { readonly kind: 'object'; readonly source: string; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly source: string; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly source: string; readonly text: string }
  | { readonly kind: 'number' | 'boolean' | 'null'; readonly source: string };

export type JsonObject = Extract<JsonNode, { kind: 'object' }>;

export interface JsonMember {
  /** The key unescaped. */
  readonly key: string;
  /** The key as sent, with its quotes. */
  readonly keySource: string;
  readonly value: JsonNode;
}

/** Deeper bodies are not business data; Python's own reader gives up at about a thousand. */
const MAX_DEPTH = 64;
const BOM = '\uFEFF';

/** Reads a body as an object. Untranslatable when it is anything else, or not JSON in UTF-8. */
export function readObject(body: Buffer, byteOrderMark: 'refuse' | 'skip'): Conversion<JsonObject> {
  if (body.length === 0) return untranslatable('empty body');
  if (!isUtf8(body)) return untranslatable('not valid UTF-8');
  let text = body.toString('utf8');
  if (text.startsWith(BOM)) {
    if (byteOrderMark === 'refuse') return untranslatable('byte order mark');
    text = text.slice(1);
  }
  if (isTooDeep(text)) return untranslatable('nested too deep');
  if (!isJson(text)) return untranslatable('not valid JSON');
  const root = readValue({ text, at: 0 });
  return root.kind === 'object' ? ok(root) : untranslatable('not an object');
}

/** Counts brackets outside strings; on invalid JSON the count may be off, which the grammar check then settles. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === '{' || char === '[') {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === '}' || char === ']') depth--;
  }
  return false;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readValue(cursor: Cursor): JsonNode {
  skipSpace(cursor);
  switch (cursor.text.charAt(cursor.at)) {
    case '{':
      return readMembers(cursor);
    case '[':
      return readItems(cursor);
    case '"':
      return { kind: 'string', ...readString(cursor) };
    case 't':
      return { kind: 'boolean', source: take(cursor, cursor.at + 4) };
    case 'f':
      return { kind: 'boolean', source: take(cursor, cursor.at + 5) };
    case 'n':
      return { kind: 'null', source: take(cursor, cursor.at + 4) };
    default:
      return { kind: 'number', source: take(cursor, endOfNumber(cursor.text, cursor.at)) };
  }
}

function readMembers(cursor: Cursor): JsonNode {
  const start = cursor.at++;
  const members: JsonMember[] = [];
  while (!closes(cursor, '}')) {
    const key = readString(cursor);
    skipSpace(cursor);
    cursor.at++; // the colon
    members.push({ key: key.text, keySource: key.source, value: readValue(cursor) });
  }
  return { kind: 'object', source: cursor.text.slice(start, cursor.at), members };
}

function readItems(cursor: Cursor): JsonNode {
  const start = cursor.at++;
  const items: JsonNode[] = [];
  while (!closes(cursor, ']')) items.push(readValue(cursor));
  return { kind: 'array', source: cursor.text.slice(start, cursor.at), items };
}

/** Passes space and a comma; true, and past the bracket, when that is what follows. */
function closes(cursor: Cursor, bracket: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.at] === ',') {
    cursor.at++;
    skipSpace(cursor);
  }
  if (cursor.text[cursor.at] !== bracket) return false;
  cursor.at++;
  return true;
}

function readString(cursor: Cursor): { source: string; text: string } {
  const source = take(cursor, endOfString(cursor.text, cursor.at));
  const text = source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1);
  return { source, text };
}

/** Index past the closing quote of the string that begins at `at`, or the text's end when nothing closes it. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function endOfNumber(text: string, at: number): number {
  let end = at;
  while (end < text.length && '+-.0123456789eE'.includes(text.charAt(end))) end++;
  return end;
}

function skipSpace(cursor: Cursor): void {
  while (' \t\n\r'.includes(cursor.text[cursor.at] ?? 'end')) cursor.at++;
}

function take(cursor: Cursor, end: number): string {
  const source = cursor.text.slice(cursor.at, end);
  cursor.at = end;
  return source;
}
