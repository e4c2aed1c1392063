import { Decimal } from './decimal.ts';
import { Instant } from './instant.ts';
import { isObject } from './json-value.ts';

/**
 * Which item of one list is which of the other. By default items are told apart by `id`, as every record of
 * Contact2Sale has one, else by their place.
 */

/** Of items whose list has a rule of its own. Weak: it goes with the document. */
const known = new WeakMap<object, string>();

export function identify(item: unknown, key: string): void {
  if (typeof item === 'object' && item !== null) known.set(item, `key ${key}`);
}

/** For jsondiffpatch: items with equal texts are the same item. */
export function identityOf(item: unknown, index?: number): string {
  const place = `at ${index ?? 0}`;
  if (typeof item !== 'object' || item === null) return place;
  const key = known.get(item);
  if (key !== undefined) return key;
  if (item instanceof Decimal) return item.tolerance === undefined ? `number ${item.text}` : place;
  if (item instanceof Instant || !isObject(item) || !Object.hasOwn(item, 'id')) return place;
  const { id } = item;
  if (id instanceof Decimal) return `id ${id.text}`;
  return typeof id === 'string' && id !== '' ? `id ${Decimal.of(id).text}` : place;
}
