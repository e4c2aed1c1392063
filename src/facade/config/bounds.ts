import { CST, Lexer } from 'yaml';
import { MAX_FILE_BYTES } from '../../http/read-file.ts';

/**
 * What a config file may come to. A reload parses in the process that serves, and nobody is served meanwhile: parser and
 * checks take about 5 µs a token, whatever the file holds, so the tokens bound the pause to a second. A row of the
 * shipped table is 600 bytes and 150 tokens, comments included; a thousand of them are within both bounds.
 */

const MAX_TOKENS = 200_000;
/** Of one value or key. Paths, URLs and JSONPaths are far shorter; what checks them may take the square of it. */
const MAX_VALUE_CHARS = 4_096;
/** Lists and maps inside each other; the schema needs eight. */
export const MAX_DEPTH = 64;

interface Breach {
  /** Where in the text, in UTF-16 units. */
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

export const TOO_DEEP = ['the nesting is too deep to be read', 'write maps and lists of a few levels'] as const;

/** The first bound that the text exceeds; undefined when it may be parsed. Linear, and ends at the bound. */
export function breachOf(text: string): Breach | undefined {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return breach(0, 'the file is larger than 1 MiB', 'write one row for each operation');
  }
  const depth = new Depth();
  let offset = 0;
  let tokens = 0;
  let isValue = false;
  for (const token of new Lexer().lex(text)) {
    // Marks of the lexer's own. Behind this one stands the text of a value.
    if (token === CST.SCALAR) isValue = true;
    if (MARKS.has(token)) continue;
    if (++tokens > MAX_TOKENS) {
      return breach(
        offset,
        `the file holds more than ${MAX_TOKENS} words and signs`,
        'write one row for each operation',
      );
    }
    if (token.length > MAX_VALUE_CHARS && isLongValue(token, isValue)) {
      return breach(offset, `the text is longer than ${MAX_VALUE_CHARS} characters`, 'write a shorter one');
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
