import { CST, Lexer } from 'yaml';
import { MAX_FILE_BYTES } from '../../http/read-file.ts';

/**
 * What a text may come to that is read as YAML: its size is counted before it is parsed. Parser and checks take about
 * 5 µs a token, whatever the text holds, so the tokens bound the time.
 */

export interface Bounds {
  readonly maxBytes: number;
  readonly maxTokens: number;
  /** Of one value or key. */
  readonly maxValueChars: number;
  /** The text, as a message calls it: `the file`. */
  readonly subject: string;
  /** What to do where the text as a whole is too large. */
  readonly remedy: string;
}

/**
 * Of the rollout table. A reload parses in the process that serves, and nobody is served meanwhile: the pause is a
 * second at most. A route of the shipped table is 600 bytes and 150 tokens, comments included; a thousand of them are
 * within both bounds. Paths, URLs and JSONPaths are far shorter than a value may be; what checks them may take the
 * square of it.
 */
export const TABLE_BOUNDS: Bounds = {
  maxBytes: MAX_FILE_BYTES,
  maxTokens: 200_000,
  maxValueChars: 4_096,
  subject: 'the file',
  remedy: 'write one route for each operation',
};

/** Lists and maps inside each other; the schema needs eight. */
export const MAX_DEPTH = 64;

interface Breach {
  /** Where in the text, in UTF-16 units. */
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

export const TOO_DEEP = ['the nesting is too deep to be read', 'write maps and lists of a few levels'] as const;

/** The first of the bounds that the text exceeds; undefined when it may be parsed. Linear, and ends at the bound. */
export function breachOf(text: string, bounds: Bounds): Breach | undefined {
  const { maxBytes, maxTokens, maxValueChars, subject, remedy } = bounds;
  if (Buffer.byteLength(text) > maxBytes) {
    return breach(0, `${subject} is larger than ${maxBytes / 1_048_576} MiB`, remedy);
  }
  const depth = new Depth();
  let offset = 0;
  let tokens = 0;
  let isValue = false;
  for (const token of new Lexer().lex(text)) {
    // Marks of the lexer's own. Behind this one stands the text of a value.
    if (token === CST.SCALAR) isValue = true;
    if (MARKS.has(token)) continue;
    if (++tokens > maxTokens) return breach(offset, `${subject} holds more than ${maxTokens} words and signs`, remedy);
    if (token.length > maxValueChars && isLongValue(token, isValue)) {
      return breach(offset, `the text is longer than ${maxValueChars} characters`, 'write a shorter one');
    }
    if (!isValue && depth.after(token) > MAX_DEPTH) return breach(offset, ...TOO_DEEP);
    isValue = false;
    offset += token.length;
  }
  return undefined;
}

const MARKS: ReadonlySet<string> = new Set([CST.SCALAR, CST.DOCUMENT, CST.FLOW_END]);

const breach = (offset: number, message: string, remedy: string): Breach => ({ offset, message, remedy });

/** Comments and empty space may be of any length. */
const isLongValue = (token: string, isValue: boolean): boolean => isValue || !/^(?:#|\s)/.test(token);

/** Of what is opened by signs; what is opened by indentation costs as many characters as it is deep, a line. */
class Depth {
  #flow = 0;
  #line = 0;

  after(token: string): number {
    switch (token) {
      case '[':
      case '{':
        this.#flow++;
        break;
      case ']':
      case '}':
        this.#flow = Math.max(0, this.#flow - 1);
        break;
      case '-':
      case '?':
        this.#line++;
        break;
      case '\n':
      case '\r\n':
        this.#line = 0;
    }
    return this.#flow + this.#line;
  }
}
