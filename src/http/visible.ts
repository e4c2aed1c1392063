/**
 * Text of others as it may stand on a terminal: what would move the cursor, hide or turn around what is beside it is
 * written out, as `\x1b` or `\u202e`. C0, DEL and C1 (U+009B begins a sequence as ESC [ does), line separators, and the
 * signs that change the direction of text.
 */

const ALL = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;
const ALL_BUT_LINES = /(?![\n\t])[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Spaces, signs that steer or turn around, and those that show nothing at all, such as U+200B. */
const SEEN = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** Does anybody see something of the text? */
export const hasVisible = (text: string): boolean => SEEN.test(text);

/** One sign, written out: `\n`, `\x1b`, `\u202e`. */
function writtenOut(sign: string): string {
  const code = sign.charCodeAt(0);
  const hex = code.toString(16);
  return SHORT[sign] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`);
}

/** One line. */
export const visible = (text: string): string => text.replace(ALL, writtenOut);

/** Line feeds and tabs stay: of a text that we lay out ourselves. */
export const visibleLines = (text: string): string => text.replace(ALL_BUT_LINES, writtenOut);

/** Every text and name in a value of JSON, as {@link visible} has it. */
export function allVisible<T>(value: T): T;
export function allVisible(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map((one) => allVisible<unknown>(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [visible(name), allVisible<unknown>(one)]));
}

/** JSON that means the same and holds no such sign, whoever prints it; JSON itself lets DEL, C1 and direction through. */
export const visibleJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replace(ALL_BUT_LINES, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
