import { exec, type Path } from 'jsonpath-rfc9535';
import type { CompareRules } from '../rollout/route.ts';
import { Decimal } from './decimal.ts';
import { identify } from './identity.ts';
import { Instant, instantIn } from './instant.ts';
import {
  canonicalText,
  isObject,
  type JsonDocument,
  type JsonList,
  type JsonValue,
  type PlainJson,
} from './json-value.ts';

/**
 * Takes out of a document what does not count, so that the rest can be compared without a thought of rules: ignored
 * places go, tolerant values are marked as such, lists whose order means nothing are put in order. Every JSONPath is
 * asked of the document as it came, an index such as `[0]` included; only then is anything changed.
 */
export function normalise(document: JsonDocument, rules: CompareRules): JsonValue {
  const { ignore, tolerate, unordered } = rules;
  if (ignore.length === 0 && tolerate.length === 0 && unordered.length === 0) return document.value;
  const plain = document.plain();
  // A root of its own, so that `$` itself has a parent that holds it.
  const root = { $: document.value };
  const lists = unordered.flatMap(({ path, by }) =>
    placesOf(plain, path).flatMap((place) => {
      const list = valueAt(root, place);
      return Array.isArray(list) ? [{ list, by }] : [];
    }),
  );
  for (const { path, number, time } of tolerate) {
    for (const place of placesOf(plain, path)) replace(root, place, (value) => tolerant(value, number, time));
  }
  // From the back, or the first item that goes would move the others.
  for (const place of ignore.flatMap((path) => placesOf(plain, path)).toSorted(backToFront)) remove(root, place);
  // The inner lists first: an outer list may go by the whole of its items.
  for (const { list, by } of lists.toReversed()) putInOrder(list, by);
  return root.$;
}

type Parent = JsonList | { [name: string]: JsonValue };

function placesOf(plain: PlainJson, jsonPath: string): Path[] {
  const places: Path[] = [];
  exec(plain, jsonPath, (_value, path) => places.push(['$', ...path]));
  return places;
}

function valueAt(root: Parent, place: Path): JsonValue | undefined {
  let at: JsonValue | undefined = root;
  for (const key of place) {
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isObject(at) && Object.hasOwn(at, key)) at = at[key];
    else return undefined;
  }
  return at;
}

function replace(root: Parent, place: Path, by: (value: JsonValue) => JsonValue): void {
  const parent = valueAt(root, place.slice(0, -1));
  const value = valueAt(root, place);
  if (value === undefined) return;
  const key = place.at(-1) as string | number;
  if (Array.isArray(parent)) parent[Number(key)] = by(value);
  else if (isObject(parent)) parent[key] = by(value);
}

function remove(root: Parent, place: Path): void {
  const parent = valueAt(root, place.slice(0, -1));
  const key = place.at(-1) as string | number;
  if (place.length === 1) root['$' as never] = null as never;
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (isObject(parent)) delete parent[key];
}

/** Longer places, and of one list the later items, first; equal ones once would do, and twice does no harm to members. */
function backToFront(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] as string | number, b[i] as string | number];
    if (x === y) continue;
    return typeof x === 'number' && typeof y === 'number' ? y - x : String(x) < String(y) ? 1 : -1;
  }
  return b.length - a.length;
}

function tolerant(value: JsonValue, number: number | undefined, time: number | undefined): JsonValue {
  if (value instanceof Decimal && number !== undefined) return new Decimal(value.text, number);
  const instant = typeof value === 'string' && time !== undefined ? instantIn(value) : undefined;
  return instant === undefined ? value : new Instant(instant, time as number);
}

/** Sorts in place by the member, else by the whole of the item, and lets the items be told apart by the same. */
function putInOrder(list: JsonList, by: string | undefined): void {
  const keyOf = (item: JsonValue): string => {
    const key = by !== undefined && isObject(item) && Object.hasOwn(item, by) ? item[by] : undefined;
    // 5 and "5" name the same item; that their types differ is then said of the member, not of the whole item.
    return key instanceof Decimal || typeof key === 'string' ? loose(key) : canonicalText(item);
  };
  const keyed = list.map((item) => ({ item, key: keyOf(item) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  keyed.forEach(({ item, key }, i) => {
    list[i] = item;
    identify(item, key);
  });
}

const loose = (key: Decimal | string): string => (key instanceof Decimal ? key.text : Decimal.of(key).text);
