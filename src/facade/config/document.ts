import { type Document, isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import type { YAMLError } from 'yaml';
import { breachOf, TABLE_BOUNDS, TOO_DEEP } from './bounds.ts';
import { Nodes, startOf } from './nodes.ts';
import type { ConfigPath } from './problem.ts';

/**
 * The text of a config file as data, and back from a place in the data to its line. YAML 1.2, one document, no custom
 * tags, no merge keys; what could blow up a reader (size, aliases of aliases, bottomless nesting) is a problem like any
 * other, and what is within the bounds is read in time that grows with the file.
 */

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with the text before anybody asks what it means. */
interface SyntaxFault extends Position {
  /** Empty where it belongs to no key. */
  readonly path: ConfigPath;
  readonly message: string;
  readonly remedy: string;
}

interface ConfigDocument {
  /** The data; undefined when the text cannot be read as YAML at all. */
  readonly value: unknown;
  readonly readable: boolean;
  readonly faults: readonly SyntaxFault[];
  /** Where the deepest part of `path` that exists stands: at its key, or at the value behind it. */
  position(path: ConfigPath, at: 'key' | 'value'): Position;
}

/** In our words where the parser's are written for programmers: [what is wrong, what to write instead]. */
const WORDS: Readonly<Partial<Record<YAMLError['code'], readonly [string, string]>>> = {
  TAB_AS_INDENT: ['a tab is no indentation in YAML', 'indent with spaces'],
  MULTIPLE_DOCS: ['a second document begins here', 'keep one document in the file, without --- between'],
  TAG_RESOLVE_FAILED: ['the !tag means nothing here', 'write plain YAML, without !tags'],
  RESOURCE_EXHAUSTION: TOO_DEEP,
};
const REMEDY = 'look at the indentation, colons and quotes here and just above';

interface ParsedText {
  readonly text: string;
  /** Not to be changed: whoever reads the same text next gets the same. */
  readonly document: Document.Parsed;
  readonly nodes: Nodes;
  readonly lines: LineCounter;
}

/** The text before a flip and the one after it. */
const MAX_CACHED_TEXTS = 2;
const kept: ParsedText[] = [];

/**
 * The nodes of the text, which is within the bounds. Parsing is most of what a flip costs, and nobody is served
 * meanwhile; a flip reads its two texts five times between finding its place and loading the result, so the last two
 * are kept.
 */
export function parseText(text: string): ParsedText {
  const known = kept.find((one) => one.text === text);
  if (known) return known;
  const lines = new LineCounter();
  const document = parsedWithoutStacks(text, lines);
  const parsed = { text, document, nodes: new Nodes(document), lines };
  kept.unshift(parsed);
  kept.length = Math.min(kept.length, MAX_CACHED_TEXTS);
  return parsed;
}

/** The parser makes an Error of every fault, a hundred thousand of them where it comes to that: their stacks cost most. */
function parsedWithoutStacks(text: string, lineCounter: LineCounter): Document.Parsed {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    // Nodes finds the keys that are written twice: the parser compares each key with all before it.
    return parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error', uniqueKeys: false });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Reads the text, within the bounds of what it is; never throws. */
export function readDocument(text: string, bounds = TABLE_BOUNDS): ConfigDocument {
  const breach = breachOf(text, bounds);
  if (breach) return unreadable(breach.message, breach.remedy, positionIn(text, breach.offset));
  const parsed = parseText(text);
  const { document, nodes } = parsed;
  const faults = faultsOf(parsed);
  const position = (path: ConfigPath, at: 'key' | 'value') => positionOf(parsed, path, at);
  // After a doubled key the rest can still be judged; after any other error it would be guesswork.
  if (document.errors.length > 0 || nodes.faults.some(({ isHarmless }) => !isHarmless)) {
    return { value: undefined, readable: false, faults, position };
  }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown, readable: true, faults, position };
  } catch {
    return unreadable('aliases (*name) multiply without end', 'write the values out', START);
  }
}

const START: Position = { line: 1, column: 1 };

/** @param offset in UTF-16 units. */
export function positionIn(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

function unreadable(message: string, remedy: string, at: Position): ConfigDocument {
  return { value: undefined, readable: false, faults: [{ ...at, path: [], message, remedy }], position: () => START };
}

/** In the order of the file, one a line: behind the first the parser stumbles. */
function faultsOf({ document, nodes, lines }: ParsedText): SyntaxFault[] {
  const byLine = new Map<number, SyntaxFault>();
  const add = (offset: number, path: ConfigPath, message: string, remedy: string) => {
    const { line, col } = lines.linePos(offset);
    if (!byLine.has(line)) byLine.set(line, { line, column: col, path, message, remedy });
  };
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const [words, remedy] = WORDS[code] ?? [message.replace(/^./, (c) => c.toLowerCase()), REMEDY];
    add(pos[0], [], words, remedy);
  }
  for (const { offset, path, message, remedy } of nodes.faults) add(offset, path, message, remedy);
  return [...byLine.values()].toSorted((a, b) => a.line - b.line);
}

function positionOf({ document, nodes, lines }: ParsedText, path: ConfigPath, at: 'key' | 'value'): Position {
  let node: unknown = document.contents;
  let key: number | undefined;
  let complete = true;
  for (const step of path) {
    const container = nodes.resolved(node);
    const pair = isMap(container) ? nodes.pair(container, String(step)) : undefined;
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
