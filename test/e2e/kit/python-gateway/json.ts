import { isUtf8 } from 'node:buffer';

/**
 * JSON as Python's `json` module reads and writes it, for the double of the Python gateway. Ints are bigint and floats are
 * number, since Python tells `1` from `1.0`; dicts are Maps, whose keys need not be texts.
 */
export type Py = null | boolean | string | bigint | number | readonly Py[] | PyDict;
export type PyDict = ReadonlyMap<Py, Py>;

export const isDict = (value: Py): value is PyDict => value instanceof Map;
export const isList = (value: Py): value is readonly Py[] => Array.isArray(value);

/** `json.JSONDecodeError`. */
export class JsonDecodeError extends Error {}
/** What else Python raises on the way: UnicodeDecodeError, RecursionError, an int of too many digits. */
export class OtherJsonError extends Error {}

/** `sys.int_info.default_max_str_digits`. */
const MAX_INT_DIGITS = 4300;
/** About where the C scanner meets `sys.getrecursionlimit()`. */
const MAX_DEPTH = 950;

/** `json.loads(bytes)`: UTF-8 with or without a byte order mark, UTF-16 by its mark or its zero bytes. */
export function loads(bytes: Buffer): Py {
  const cursor = { text: decode(bytes), at: 0 };
  skipSpace(cursor);
  const value = readValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.at < cursor.text.length) throw new JsonDecodeError('Extra data');
  return value;
}

function decode(bytes: Buffer): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decodeUtf8(bytes.subarray(3));
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeUtf16('utf-16be', bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeUtf16('utf-16le', bytes);
  if (bytes.length >= 2 && bytes[0] === 0) return decodeUtf16('utf-16be', bytes);
  if (bytes.length >= 2 && bytes[1] === 0) return decodeUtf16('utf-16le', bytes);
  return decodeUtf8(bytes);
}

function decodeUtf16(label: string, bytes: Buffer): string {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    throw new OtherJsonError('UnicodeDecodeError');
  }
}

/** With the error handler `surrogatepass`: a surrogate in three bytes is one. */
function decodeUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const parts = bytes.toString('latin1').split(/(\xed[\xa0-\xbf][\x80-\xbf])/);
  const texts = parts.map((part, at) => {
    const own = Buffer.from(part, 'latin1');
    if (at % 2 === 1) return String.fromCharCode(0xd000 | (((own[1] ?? 0) & 0x3f) << 6) | ((own[2] ?? 0) & 0x3f));
    if (!isUtf8(own)) throw new OtherJsonError('UnicodeDecodeError');
    return own.toString('utf8');
  });
  return texts.join('');
}

interface Cursor {
  readonly text: string;
  at: number;
}

const CONSTANTS: readonly (readonly [string, Py])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
];
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

function readValue(cursor: Cursor, depth: number): Py {
  if (depth > MAX_DEPTH) throw new OtherJsonError('RecursionError');
  const char = cursor.text[cursor.at];
  if (char === '{') return readDict(cursor, depth);
  if (char === '[') return readList(cursor, depth);
  if (char === '"') return readString(cursor);
  for (const [word, value] of CONSTANTS) {
    if (!cursor.text.startsWith(word, cursor.at)) continue;
    cursor.at += word.length;
    return value;
  }
  return readNumber(cursor);
}

function readNumber(cursor: Cursor): Py {
  NUMBER.lastIndex = cursor.at;
  const found = NUMBER.exec(cursor.text);
  if (!found) throw new JsonDecodeError('Expecting value');
  const [written, fraction, exponent] = found;
  cursor.at += written.length;
  if (fraction !== undefined || exponent !== undefined) return Number(written);
  if (written.length > MAX_INT_DIGITS) throw new OtherJsonError('ValueError');
  return BigInt(written);
}

function readString(cursor: Cursor): string {
  STRING.lastIndex = cursor.at;
  const found = STRING.exec(cursor.text);
  if (!found) throw new JsonDecodeError('Unterminated string, or a control character in it');
  cursor.at += found[0].length;
  return JSON.parse(found[0]) as string;
}

function readDict(cursor: Cursor, depth: number): PyDict {
  const dict = new Map<Py, Py>();
  cursor.at++;
  skipSpace(cursor);
  if (taken(cursor, '}')) return dict;
  for (;;) {
    if (cursor.text[cursor.at] !== '"') throw new JsonDecodeError('Expecting property name enclosed in double quotes');
    const key = readString(cursor);
    skipSpace(cursor);
    if (!taken(cursor, ':')) throw new JsonDecodeError("Expecting ':' delimiter");
    skipSpace(cursor);
    dict.set(key, readValue(cursor, depth + 1));
    skipSpace(cursor);
    if (taken(cursor, '}')) return dict;
    if (!taken(cursor, ',')) throw new JsonDecodeError("Expecting ',' delimiter");
    skipSpace(cursor);
  }
}

function readList(cursor: Cursor, depth: number): readonly Py[] {
  const list: Py[] = [];
  cursor.at++;
  skipSpace(cursor);
  if (taken(cursor, ']')) return list;
  for (;;) {
    list.push(readValue(cursor, depth + 1));
    skipSpace(cursor);
    if (taken(cursor, ']')) return list;
    if (!taken(cursor, ',')) throw new JsonDecodeError("Expecting ',' delimiter");
    skipSpace(cursor);
  }
}

function taken(cursor: Cursor, char: string): boolean {
  if (cursor.text[cursor.at] !== char) return false;
  cursor.at++;
  return true;
}

function skipSpace(cursor: Cursor): void {
  while (' \t\n\r'.includes(cursor.text[cursor.at] ?? 'end')) cursor.at++;
}

/** How a document is written: to Contact2Sale (httpx: `json.dumps`), or to the caller (Starlette: compact, strict). */
export type Style = 'httpx' | 'starlette';

/** Throws where Python does: Starlette knows no NaN and no infinity, and cannot encode a lone surrogate. */
export function dumps(value: Py, style: Style): string {
  const [comma, colon] = style === 'httpx' ? [', ', ': '] : [',', ':'];
  const text = (part: string): string => (style === 'httpx' ? asciiText(part) : wellFormedText(part));
  const write = (part: Py): string => {
    if (part === null) return 'null';
    if (typeof part === 'string') return text(part);
    if (typeof part === 'boolean' || typeof part === 'bigint') return String(part);
    if (typeof part === 'number') return writeFloat(part, style);
    if (isList(part)) return `[${part.map(write).join(comma)}]`;
    return `{${[...part].map(([key, item]) => `${text(keyText(key, style))}${colon}${write(item)}`).join(comma)}}`;
  };
  return write(value);
}

const asciiText = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

function wellFormedText(text: string): string {
  if (!text.isWellFormed()) throw new OtherJsonError('UnicodeEncodeError');
  return JSON.stringify(text);
}

function keyText(key: Py, style: Style): string {
  return typeof key === 'string' ? key : dumps(key, style);
}

function writeFloat(value: number, style: Style): string {
  if (Number.isFinite(value)) return reprFloat(value);
  if (style === 'starlette') throw new OtherJsonError('ValueError: Out of range float values are not JSON compliant');
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** `repr(float)`: the shortest digits, an exponent below 1e-4 and from 1e16 on. */
export function reprFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  return `${sign}${digits.slice(0, power + 1).padEnd(power + 1, '0')}.${digits.slice(power + 1) || '0'}`;
}
