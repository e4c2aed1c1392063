import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import type { YAMLError } from 'yaml';
import { brokenAliases, type BrokenAlias } from './aliases.ts';
import type { ConfigPath } from './problem.ts';

/**
 * The text of a config file as data, and back from a place in the data to its line. YAML 1.2, one document, no custom
 * tags, no merge keys; what could blow up a reader (aliases of aliases, bottomless nesting) is a problem like any other.
 */

/** A thousand routes are half a megabyte; more is not a config file. */
const LONGEST_TEXT = 8 * 1_048_576;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with the text before anybody asks what it means. */
export interface Fault extends Position {
  /** Empty where it belongs to no key. */
  readonly path: ConfigPath;
  readonly message: string;
  readonly remedy: string;
}

export interface ConfigDocument {
  /** The data; undefined when the text cannot be read as YAML at all. */
  readonly value: unknown;
  readonly readable: boolean;
  readonly faults: readonly Fault[];
  /** Where the deepest part of `path` that exists stands: at its key, or at the value behind it. */
  position(path: ConfigPath, at: 'key' | 'value'): Position;
}

/** In our words where the parser's are written for programmers: [what is wrong, what to write instead]. */
const WORDS: Readonly<Partial<Record<YAMLError['code'], readonly [string, string]>>> = {
  DUPLICATE_KEY: ['the key is written twice', 'keep one of the two'],
  TAB_AS_INDENT: ['a tab is no indentation in YAML', 'indent with spaces'],
  MULTIPLE_DOCS: ['a second document begins here', 'keep one document in the file, without --- between'],
  TAG_RESOLVE_FAILED: ['the !tag means nothing here', 'write plain YAML, without !tags'],
  RESOURCE_EXHAUSTION: ['the nesting is too deep to be read', 'write maps and lists of a few levels'],
};
const REMEDY = 'look at the indentation, colons and quotes here and just above';

/** One slip in the syntax makes the parser stumble over many lines; the first few tell where. */
const MOST_FAULTS = 10;

interface ParsedText {
  readonly text: string;
  /** Not to be changed: whoever reads the same text next gets the same. */
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** The text before a flip and the one after it. */
const KEPT = 2;
const kept: ParsedText[] = [];

/**
 * The nodes of the text. Parsing is most of what a flip costs, and nobody is served meanwhile; a flip reads its two texts
 * five times between finding its place and loading the result, so the last two are kept.
 */
export function parseText(text: string): ParsedText {
  const known = kept.find((one) => one.text === text);
  if (known) return known;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const parsed = { text, document, lines };
  kept.unshift(parsed);
  kept.length = Math.min(kept.length, KEPT);
  return parsed;
}

/** Reads the text; never throws. */
export function readDocument(text: string): ConfigDocument {
  if (text.length > LONGEST_TEXT)
    return unreadable('the file is larger than 8 MiB', 'write one row for each operation');
  const { document, lines } = parseText(text);
  const aliases = brokenAliases(document);
  const faults = faultsOf(document, lines, aliases);
  const position = (path: ConfigPath, at: 'key' | 'value') => positionOf(document, lines, path, at);
  // After a doubled key the rest can still be judged; after any other error it would be guesswork.
  const syntax = document.errors.some((fault) => fault.code !== 'DUPLICATE_KEY');
  if (syntax || aliases.length > 0) {
    return { value: undefined, readable: false, faults, position };
  }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown, readable: true, faults, position };
  } catch {
    return unreadable('aliases (*name) multiply without end', 'write the values out');
  }
}

function unreadable(message: string, remedy: string): ConfigDocument {
  const start = { line: 1, column: 1 };
  const faults = [{ ...start, path: [], message, remedy }];
  return { value: undefined, readable: false, faults, position: () => start };
}

function faultsOf(document: Document.Parsed, lines: LineCounter, aliases: readonly BrokenAlias[]): Fault[] {
  const byLine = new Map<number, Fault>();
  const add = (offset: number, message: string, remedy: string) => {
    const { line, col } = lines.linePos(offset);
    if (byLine.has(line)) return;
    byLine.set(line, { line, column: col, path: keyAt(document, offset), message, remedy });
  };
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const [words, remedy] = WORDS[code] ?? [message.replace(/^./, (c) => c.toLowerCase()), REMEDY];
    add(pos[0], words, remedy);
  }
  for (const { offset, message } of aliases) add(offset, message, 'write the value out');
  return [...byLine.values()].toSorted((a, b) => a.line - b.line).slice(0, MOST_FAULTS);
}

/** The way to the key that begins at `offset`; empty if none does. */
function keyAt(document: Document.Parsed, offset: number): ConfigPath {
  let found: ConfigPath = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (startOf(pair.key) !== offset) return undefined;
      const line = [...ancestors, pair];
      found = line.flatMap<string | number>((node, i) => {
        if (isPair(node)) return [keyText(node.key)];
        return isSeq(node) ? [node.items.findIndex((item) => item === line[i + 1])] : [];
      });
      return visit.BREAK;
    },
  });
  return found;
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

function positionOf(document: Document.Parsed, lines: LineCounter, path: ConfigPath, at: 'key' | 'value'): Position {
  let node: unknown = document.contents;
  let key: number | undefined;
  let complete = true;
  for (const step of path) {
    const container = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(container) ? container.items.find((item) => keyText(item.key) === String(step)) : undefined;
    const next: unknown = pair ? pair.value : isSeq(container) ? container.items[Number(step)] : undefined;
    complete = pair !== undefined || next !== undefined;
    if (!complete) break;
    key = pair ? startOf(pair.key) : startOf(next);
    node = next;
  }
  const value = complete && at === 'value' ? startOf(node) : undefined;
  const { line, col } = lines.linePos(value ?? key ?? startOf(document.contents) ?? 0);
  return { line, column: col };
}

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);
