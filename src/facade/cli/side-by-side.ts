import { parse } from 'lossless-json';
import { visible } from '../../http/visible.ts';
import { isTooDeep } from '../dialect/json.ts';
import type { Fixture } from '../compare/fixture.ts';
import { milliseconds } from './format.ts';

/** Two answers beside each other: the places where they differ, or the whole documents line by line. */

type Side = Fixture['control'];

/** One place where two answers differ; `absent` where one side has nothing there. */
export interface Place {
  /** `(status)`, `header etag`, or a JSON pointer: `/data/0/phone`. */
  readonly place: string;
  readonly left: string;
  readonly right: string;
}

/** A number as it was written: a double would lose digits of it. */
class WrittenNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Json = null | boolean | string | WrittenNumber | Json[] | { [name: string]: Json };

const ABSENT = 'absent';
const PARTIAL = 'no whole answer';

/** `200 in 20 ms`; `no answer (upstream_connect) after 2 ms` of an upstream that is dead. */
export function headOf({ status, failure, ms }: Side): string {
  if (failure !== undefined) return `${status === 0 ? 'no answer' : PARTIAL} (${failure}) after ${milliseconds(ms)}`;
  return `${status} in ${milliseconds(ms)}`;
}

/**
 * Where the two differ: the head first, then the bodies. Of two lists the items are compared by their place.
 * @param shown pointers of the comparison, in which `*` is any item; a body place outside of them is left out, since the rules
 *   of the route let it differ. Empty, or none of them found in the bodies: every place.
 */
export function placesOf(left: Side, right: Side, shown: readonly string[]): Place[] {
  const head = [...statusPlaces(left, right), ...headerPlaces(left, right)];
  const all = bodyPlaces(left, right);
  const wanted = shown.map((pointer) => pointer.split('/'));
  const named = all.filter(({ place }) => wanted.some((pointer) => covers(pointer, place.split('/'))));
  return [...head, ...(named.length > 0 ? named : all)];
}

function statusPlaces(left: Side, right: Side): Place[] {
  if (left.status === right.status && left.failure === right.failure) return [];
  const told = (side: Side): string => (side.failure === undefined ? String(side.status) : headOf(side));
  const place = left.failure === right.failure ? '(status)' : '(the answer)';
  return [{ place, left: told(left), right: told(right) }];
}

function headerPlaces(left: Side, right: Side): Place[] {
  const names = [...new Set([...Object.keys(left.headers), ...Object.keys(right.headers)])];
  // Without an answer there is no header to look for.
  if (left.status === 0 || right.status === 0) return [];
  return names
    .filter((name) => name !== 'content-type' && left.headers[name] !== right.headers[name])
    .map((name) => ({
      place: `header ${name}`,
      left: left.headers[name] ?? ABSENT,
      right: right.headers[name] ?? ABSENT,
    }));
}

function bodyPlaces(left: Side, right: Side): Place[] {
  if (left.body === right.body || left.status === 0 || right.status === 0) return [];
  const [a, b] = [jsonOf(left.body), jsonOf(right.body)];
  if (a === undefined || b === undefined) return [{ place: '(body)', left: left.body, right: right.body }];
  return [...walk(a, b, '')];
}

function* walk(left: Json | undefined, right: Json | undefined, place: string): Generator<Place> {
  if (left !== undefined && right !== undefined && isBranch(left) && isBranch(right)) {
    const [a, b] = [left as Readonly<Record<string, Json>>, right as Readonly<Record<string, Json>>];
    if (Array.isArray(left) === Array.isArray(right)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
        yield* walk(own(a, name), own(b, name), `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      return;
    }
  }
  const [from, to] = [lineOf(left), lineOf(right)];
  if (from !== to) yield { place: place || '(body)', left: from, right: to };
}

const isBranch = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof WrittenNumber);
const own = (value: Readonly<Record<string, Json>>, name: string): Json | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined;

/** Does a pointer with `*` hold this place, or one within it or around it? */
function covers(pointer: readonly string[], place: readonly string[]): boolean {
  return pointer.slice(0, place.length).every((step, i) => step === '*' || step === place[i]);
}

function jsonOf(text: string): Json | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    return parse(text, undefined, (source) => new WrittenNumber(source)) as Json;
  } catch {
    return undefined;
  }
}

const lineOf = (value: Json | undefined): string => (value === undefined ? ABSENT : pretty(value, undefined)[0]!);

/** As JSON. @param indent undefined: in one line. */
function pretty(value: Json, indent: string | undefined): string[] {
  if (value instanceof WrittenNumber) return [value.text];
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)];
  const isList = Array.isArray(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const members = Object.entries(value).map(([name, one]: [string, Json]) => {
    const [first = '', ...more] = pretty(one, indent === undefined ? undefined : '  ');
    return [isList ? first : `${JSON.stringify(name)}: ${first}`, ...more];
  });
  if (indent === undefined) return [`${open}${members.map(([only = '']) => only).join(', ')}${close}`];
  if (members.length === 0) return [open + close];
  const lines = members.flatMap((lines, i) => {
    const comma = i < members.length - 1 ? ',' : '';
    return lines.map((line, j) => `  ${line}${j === lines.length - 1 ? comma : ''}`);
  });
  return [open, ...lines, close];
}

/** A line of each document; undefined: the other has a line there and this one has none. */
export interface LinePair {
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** Above so many cells of the table of common lines the documents are laid beside each other as they are. */
const MAX_CELLS = 4_000_000;

/** Both documents whole, equal lines beside each other. What is no JSON is cut at its line feeds. */
export function linePairs(left: Side, right: Side): LinePair[] {
  const [a, b] = [linesOf(left), linesOf(right)];
  if (a.length * b.length > MAX_CELLS)
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => ({ left: a[i], right: b[i] }));
  return joined(aligned(a, b));
}

function linesOf({ body, failure, status }: Side): string[] {
  if (status === 0 && failure !== undefined) return [`(no answer: ${failure})`];
  const json = body === '' ? undefined : jsonOf(body);
  return (json === undefined ? body.split('\n') : pretty(json, '')).map(visible);
}

/** By the longest common subsequence of lines. */
function aligned(a: readonly string[], b: readonly string[]): LinePair[] {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [below, beside] = [common[(i + 1) * width + j]!, common[i * width + j + 1]!];
      common[i * width + j] = a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(below, beside);
    }
  const pairs: LinePair[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) pairs.push({ left: a[i++], right: b[j++] });
    else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      pairs.push({ left: a[i++], right: undefined });
    else pairs.push({ left: undefined, right: b[j++] });
  }
  return pairs;
}

/** Lines that only one side has, in the same gap, stand beside each other: a changed value is one line and not two. */
function joined(pairs: readonly LinePair[]): LinePair[] {
  const out: LinePair[] = [];
  let [lefts, rights]: [string[], string[]] = [[], []];
  const flush = (): void => {
    for (let i = 0; i < Math.max(lefts.length, rights.length); i++) out.push({ left: lefts[i], right: rights[i] });
    [lefts, rights] = [[], []];
  };
  for (const { left, right } of pairs) {
    if (left !== undefined && right !== undefined) {
      flush();
      out.push({ left, right });
    } else if (left !== undefined) lefts.push(left);
    else if (right !== undefined) rights.push(right);
  }
  flush();
  return out;
}
