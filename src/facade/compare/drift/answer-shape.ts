import type { PlainJson } from '../json-value.ts';
import { nameOf, shapeOf } from '../shape.ts';

/**
 * The shape of one answer of direct: which members its objects have and of which types. Bounded in depth, in items and in
 * members, and without any value; texts of places that may be an enum are handed over apart (members.ts judges them).
 */

/** `text` and `no body` are of the answer as a whole. */
export type ShapeType = 'null' | 'boolean' | 'number' | 'string' | 'timestamp' | 'list' | 'object' | 'text' | 'no body';

/** A member, an item (`…/*`) or the answer as a whole (the empty path), in one answer. */
interface SeenPlace {
  /** How often it was there: in each item of a list. */
  count: number;
  readonly types: Map<ShapeType, number>;
  /** Different texts; undefined where the place is no enum by its name. */
  readonly texts: Set<string> | undefined;
}

export interface AnswerShape {
  readonly places: ReadonlyMap<string, SeenPlace>;
  /** How often each path was an object, or had an item ({@link itemsOf}): what its members and items are counted against. */
  readonly objects: ReadonlyMap<string, number>;
}

const MAX_DEPTH = 16;
/** Of each list. */
const MAX_ITEMS = 50;
/** Of one answer: one with more is no record but a map of things, and the first must do. */
export const MAX_PLACES = 300;

/**
 * @param document undefined: the body is no JSON
 * @param isEnum may the texts of a path be kept?
 */
export function shapeOfAnswer(
  document: PlainJson | undefined,
  isEmpty: boolean,
  isEnum: (path: string) => boolean,
): AnswerShape {
  const walker = new ShapeWalker(isEnum);
  if (document === undefined) walker.note('', isEmpty ? 'no body' : 'text');
  else walker.walk(document, '', 0);
  return walker;
}

class ShapeWalker implements AnswerShape {
  readonly places = new Map<string, SeenPlace>();
  readonly objects = new Map<string, number>();
  readonly #isEnum: (path: string) => boolean;

  constructor(isEnum: (path: string) => boolean) {
    this.#isEnum = isEnum;
  }

  walk(value: PlainJson, path: string, depth: number): void {
    const place = this.note(path, typeOfShape(value));
    if (!place || depth >= MAX_DEPTH) return;
    if (typeof value === 'string') place.texts?.add(value);
    else if (Array.isArray(value)) {
      const items = value.slice(0, MAX_ITEMS);
      const item = `${path}/*`;
      if (items.length > 0) this.#countParent(itemsOf(item), items.length);
      for (const each of items) this.walk(each, item, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      this.#countParent(path, 1);
      for (const [name, inner] of Object.entries(value)) {
        // A key that may be somebody's is no member that every answer has.
        if (nameOf(name) === name) this.walk(inner, `${path}/${name}`, depth + 1);
      }
    }
  }

  #countParent(path: string, count: number): void {
    this.objects.set(path, (this.objects.get(path) ?? 0) + count);
  }

  /** Undefined: there were too many places. */
  note(path: string, type: ShapeType | undefined): SeenPlace | undefined {
    let place = this.places.get(path);
    if (!place) {
      if (this.places.size >= MAX_PLACES) return undefined;
      place = { count: 0, types: new Map(), texts: this.#isEnum(path) ? new Set() : undefined };
      this.places.set(path, place);
    }
    place.count++;
    if (type !== undefined) place.types.set(type, (place.types.get(type) ?? 0) + 1);
    return place;
  }
}

/** `/items/*` → `/items/[]`: the same place may be an object in one answer and a list in another. @param item its path */
export const itemsOf = (item: string): string => `${item.slice(0, -1)}[]`;

/** Undefined: an empty text. */
function typeOfShape(value: PlainJson): ShapeType | undefined {
  const shape = shapeOf(value);
  if (shape === 'empty string') return undefined;
  return (shape.startsWith('empty ') ? shape.slice('empty '.length) : shape) as ShapeType;
}

/** One text for equal shapes: places and types, whatever their order and number. */
export function signatureOf({ places }: AnswerShape): string {
  return Array.from(places, ([path, { types }]) => `${path} ${[...types.keys()].toSorted().join()}`)
    .toSorted()
    .join('\n');
}
