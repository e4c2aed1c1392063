import { DiffPatcher, type Delta, type DiffContext } from 'jsondiffpatch';
import type { Difference } from './comparison.ts';
import { Decimal } from './decimal.ts';
import { identityOf } from './identity.ts';
import { Instant } from './instant.ts';
import { isObject, type JsonValue } from './json-value.ts';
import { nameOf, shapeOf, sizeOf, typeOf } from './shape.ts';

/**
 * Where two normalised documents differ. jsondiffpatch finds the places: it tells items of lists apart by identity and
 * so says "one is missing" where a comparison by position would say that all differ; this file teaches it our numbers
 * and timestamps, and turns what it finds into differences without values.
 */

/**
 * The longest list that is matched item by item: the table of the longest common subsequence grows with the square. A
 * page of Contact2Sale holds 50. Longer lists are the same or they are not.
 */
const MAX_LIST_LENGTH = 256;

/** More differences of one document say nothing new, and would make the evidence large. */
export const MAX_DIFFERENCES = 40;

const patcher = new DiffPatcher({ objectHash: identityOf, arrays: { detectMove: true }, omitRemovedValues: false });
patcher.processor.pipes.diff.before('trivial', Object.assign(compareLeaves, { filterName: 'leaves' }));
patcher.processor.pipes.diff.before('collectChildren', Object.assign(collectMembers, { filterName: 'members' }));
// Texts are the same or they are not; how they differ in detail is nobody's business here.
patcher.processor.pipes.diff.remove('texts');

/** Each difference once, at most MOST_DIFFERENCES and one more, by which the caller sees that there were more. */
export function structuralDifferences(control: JsonValue, candidate: JsonValue): Difference[] {
  const found = new DifferenceList();
  walk(patcher.diff(control, candidate), candidate, '', found);
  return found.list;
}

/** Values that jsondiffpatch would take for objects, texts, and lists that are too long for it. */
function compareLeaves(context: DiffContext): void {
  const { left, right } = context;
  // A member of one side only: jsondiffpatch's own filter says so.
  if (left === undefined || right === undefined) return;
  if (isLeaf(left) || isLeaf(right)) {
    context.setResult(sameLeaf(left, right) ? undefined : [left, right]).exit();
  } else if (typeof left === 'string' && typeof right === 'string') {
    context.setResult(left === right ? undefined : [left, right]).exit();
  } else if (Array.isArray(left) && Array.isArray(right) && Math.max(left.length, right.length) > MAX_LIST_LENGTH) {
    context.setResult(isSame(left, right) ? undefined : [left, right]).exit();
  }
}

/** In place of jsondiffpatch's own: in a plain object the difference of a member `__proto__` would get lost. */
function collectMembers(context: DiffContext): void {
  if (!context.children || context.leftIsArray) return;
  const deltas = Object.create(null) as Record<string, Delta>;
  for (const { childName, result } of context.children) if (result !== undefined) deltas[String(childName)] = result;
  context.setResult(Object.keys(deltas).length === 0 ? undefined : deltas).exit();
}

const isLeaf = (value: unknown) => value instanceof Decimal || value instanceof Instant;

function sameLeaf(left: unknown, right: unknown): boolean {
  if (left instanceof Decimal) return right instanceof Decimal && left.equals(right);
  return left instanceof Instant && right instanceof Instant && left.equals(right);
}

/** Item by item and member by member, with what the rules tolerate. */
function isSame(left: unknown, right: unknown): boolean {
  if (isLeaf(left) || isLeaf(right)) return sameLeaf(left, right);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, i) => isSame(item, right[i]));
  if (!isObject(left) || !isObject(right)) return left === right;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isSame(left[name], right[name]))
  );
}

class DifferenceList {
  readonly list: Difference[] = [];
  readonly #seen = new Set<string>();

  add(path: string, kind: Difference['kind'], from: string, to: string): void {
    const key = `${path}\n${kind}\n${from}\n${to}`;
    if (this.#seen.has(key) || this.list.length > MAX_DIFFERENCES) return;
    this.#seen.add(key);
    this.list.push({ path, kind, from, to });
  }
}

/** @param right what stands at `path` on the candidate's side: deltas of lists count by its indexes. */
function walk(delta: Delta, right: unknown, path: string, found: DifferenceList): void {
  if (delta === undefined) return;
  if (Array.isArray(delta)) return leaf(delta as unknown[], path, found);
  if ('_t' in delta && delta._t === 'a' && Array.isArray(right)) return walkList(delta, right, path, found);
  for (const [name, inner] of Object.entries(delta as Record<string, Delta>)) {
    const next = (right as Record<string, unknown>)[name];
    walk(inner, next, `${path}/${nameOf(name)}`, found);
  }
}

/** `[new]`, `[old, new]`, `[old, 0, 0]`: jsondiffpatch's words for added, modified and deleted. */
function leaf(delta: readonly unknown[], path: string, found: DifferenceList): void {
  if (delta.length === 1) return found.add(path, 'extra', 'absent', shapeOf(delta[0]));
  if (delta.length === 3) return found.add(path, 'missing', shapeOf(delta[0]), 'absent');
  const [from, to] = delta;
  if (typeOf(from) !== typeOf(to)) return found.add(path, 'type', shapeOf(from), shapeOf(to));
  if (Array.isArray(from) && Array.isArray(to) && from.length !== to.length)
    return lengths(from.length, to.length, path, found);
  return found.add(path, 'value', shapeOf(from), shapeOf(to));
}

function walkList(delta: object, right: readonly unknown[], path: string, found: DifferenceList): void {
  const removed: unknown[] = [];
  const added: unknown[] = [];
  let hasMoved = false;
  for (const [key, inner] of Object.entries(delta) as [string, Delta][]) {
    if (key === '_t') continue;
    if (!key.startsWith('_')) {
      if (Array.isArray(inner) && inner.length === 1) added.push(inner[0]);
      else walk(inner, right[Number(key)], `${path}/*`, found);
    } else if ((inner as readonly unknown[])[2] === 3) hasMoved = true;
    else removed.push((inner as readonly unknown[])[0]);
  }
  if (hasMoved) found.add(path, 'order', 'list', 'list');
  const before = right.length + removed.length - added.length;
  if (before !== right.length) lengths(before, right.length, path, found);
  // A list that is only longer or shorter is told by its length; items that were exchanged are told as such.
  if (before !== right.length && (removed.length === 0 || added.length === 0)) return;
  for (const item of removed) found.add(`${path}/*`, 'missing', shapeOf(item), 'absent');
  for (const item of added) found.add(`${path}/*`, 'extra', 'absent', shapeOf(item));
}

function lengths(before: number, after: number, path: string, found: DifferenceList): void {
  const from = sizeOf(before);
  const to = sizeOf(after);
  found.add(path, 'length', from, from === to ? `${to}, ${after < before ? 'fewer' : 'more'}` : to);
}
