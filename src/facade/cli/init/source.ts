import { breachOf, type Bounds } from '../../config/bounds.ts';
import { positionIn, readDocument } from '../../config/document.ts';
import { placeName, valueAt } from '../../config/place.ts';
import type { ConfigPath, ConfigProblem } from '../../config/problem.ts';
import { percentDecode } from '../../../http/percent.ts';
import { oneLine } from './text.ts';

/**
 * The text of an OpenAPI document as data, and every problem of it with its place. References (`$ref`) are followed inside
 * of the document only: nothing is fetched, and no other file is read.
 */

/**
 * More than an API has that people wrote by hand, as JSON or as YAML: a YAML document of 10,000 operations is 5.5 MB and
 * 1,800,000 tokens. Nobody waits for the answer but the operator, ten seconds at most. A value may be of any length,
 * since a description is one.
 */
export const DOCUMENT_BOUNDS: Bounds = {
  maxBytes: 8 * 1_048_576,
  maxTokens: 2_000_000,
  maxValueChars: Infinity,
  subject: 'the document',
  remedy: 'leave out examples, or operations that will not move',
};
/** More of them say nothing new. */
const MAX_PROBLEMS = 20;

/** References that name one another, one after the other. */
const MAX_HOPS = 100;

export type JsonMap = Readonly<Record<string, unknown>>;

/** A part of the document, and where it stands. */
export interface LocatedNode {
  readonly node: JsonMap;
  readonly path: ConfigPath;
}

export const isObject = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An own member; a name such as `__proto__` finds what the document says, and nothing else. */
export const memberOf = (object: JsonMap, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

interface Parsed {
  readonly value: unknown;
  readonly position: (path: ConfigPath) => { readonly line: number; readonly column: number };
}

export class Source {
  readonly root: unknown;
  readonly problems: ConfigProblem[] = [];
  readonly #position: Parsed['position'];
  readonly #told = new Set<string>();

  constructor(text: string) {
    const parsed = this.#parse(text);
    this.root = parsed.value;
    this.#position = parsed.position;
  }

  /** Notes a problem; the same one at the same place once. */
  refuse(path: ConfigPath, message: string, remedy: string): void {
    const where = oneLine(placeName(path, undefined), 160);
    if (this.problems.length >= MAX_PROBLEMS || this.#told.has(`${where}\n${message}`)) return;
    this.#told.add(`${where}\n${message}`);
    this.problems.push({ ...this.#position(path), where, message: oneLine(message), remedy });
  }

  /** The object at a place, behind its references; undefined, and a problem, where a reference leads nowhere. */
  follow(value: unknown, path: ConfigPath): LocatedNode | undefined {
    const seen = new Set<string>();
    let [node, at] = [value, path];
    for (;;) {
      if (!isObject(node)) return undefined;
      const ref = memberOf(node, '$ref');
      if (typeof ref !== 'string') return { node, path: at };
      const target = this.#target(ref, path, seen);
      if (!target) return undefined;
      [node, at] = [valueAt(this.root, target), target];
      if (node !== undefined) continue;
      this.refuse(path, `the $ref "${ref}" leads nowhere`, 'correct it, or add what it names');
      return undefined;
    }
  }

  #target(ref: string, path: ConfigPath, seen: Set<string>): ConfigPath | undefined {
    if (!ref.startsWith('#')) {
      this.refuse(path, `the $ref "${ref}" leads out of the document`, 'bundle the document into one file first');
      return undefined;
    }
    if (seen.has(ref) || seen.size >= MAX_HOPS) {
      this.refuse(path, `the $ref "${ref}" leads back to itself`, 'write out what it stands for');
      return undefined;
    }
    seen.add(ref);
    return ref.slice(1).split('/').slice(1).map(pointerPart);
  }

  #parse(text: string): Parsed {
    const begin = { line: 1, column: 1 };
    const unreadable = (message: string, remedy: string, at = begin): Parsed => {
      this.problems.push({ ...at, where: 'the file', message, remedy });
      return { value: undefined, position: () => begin };
    };
    if (/^\s*</.test(text.slice(0, 1_000)))
      return unreadable('this is HTML or XML', 'name the OpenAPI document itself, often /openapi.json of the API');
    // Of JSON too, whose reader knows none.
    const breach = breachOf(text, DOCUMENT_BOUNDS);
    if (breach) return unreadable(breach.message, breach.remedy, positionIn(text, breach.offset));
    const json = /^\s*\{/.test(text.slice(0, 1_000)) ? parsedJson(text) : undefined;
    const document = json === undefined ? readDocument(text, DOCUMENT_BOUNDS) : undefined;
    for (const { line, column, path, message, remedy } of document?.faults ?? []) {
      this.problems.push({ line, column, where: oneLine(placeName(path, undefined), 160), message, remedy });
    }
    // A JSON document is read a second time, for the lines, only where something is wrong with it.
    let lines = document;
    return {
      value: json ?? document?.value,
      position: (path) => (lines ??= readDocument(text, DOCUMENT_BOUNDS)).position(path, 'key'),
    };
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // YAML may begin with a brace too, and its reader knows the line of the fault.
    return undefined;
  }
}

function pointerPart(text: string): string {
  return (percentDecode(text) ?? text).replaceAll('~1', '/').replaceAll('~0', '~');
}
