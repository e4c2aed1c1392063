import { MAX_PLACES, type AnswerShape, type ShapeType } from './answer-shape.ts';
import { isMember, MAX_MEMBERS } from './members.ts';

/**
 * The shapes of the answers that direct gave on one route, one day, to one instance: counts and times, no values. Answers
 * of 2xx, 4xx and 5xx are apart. Rows add up over days and instances (findings.ts).
 */

export const ANSWER_CLASSES = ['2xx', '4xx', '5xx'] as const;
export type AnswerClass = (typeof ANSWER_CLASSES)[number];

/** Answers in which it was, how often it was there in all, and when first and last: milliseconds since 1970. */
export interface Sightings {
  answers: number;
  count: number;
  first: number;
  last: number;
}

export interface PlaceShapes extends Sightings {
  readonly types: Map<ShapeType, Sightings>;
  /** Texts of an enum; undefined: of no enum, by name or by its texts. */
  members: Map<string, Sightings> | undefined;
}

/** Of an object, by the quarter of an hour: answers in which it was, and how often it was there. */
export type Slots = Map<number, { answers: number; count: number }>;

export interface ClassShapes {
  readonly places: Map<string, PlaceShapes>;
  /** By the path of the object; that of the answer itself is {@link ANSWER}. */
  readonly objects: Map<string, Slots>;
  /** There were more places than are kept. */
  isFull: boolean;
}

/** Whose only member is the document. */
export const ANSWER = '^';
/** Milliseconds: what vanished is told after one of these at the latest. */
export const SLOT_MS = 15 * 60_000;

export const slotOf = (at: number): number => Math.floor(at / SLOT_MS);

export class DayShapes {
  readonly classes = new Map<AnswerClass, ClassShapes>();

  /** @param at milliseconds since 1970 */
  add(of: AnswerClass, { places, objects }: AnswerShape, at: number): void {
    let shapes = this.classes.get(of);
    if (!shapes) this.classes.set(of, (shapes = { places: new Map(), objects: new Map(), isFull: false }));
    countSlot(shapes.objects, ANSWER, 1, at);
    for (const [path, count] of objects) countSlot(shapes.objects, path, count, at);
    if (places.size >= MAX_PLACES) shapes.isFull = true;
    for (const [path, { count, types, texts }] of places) {
      const place = placeOf(shapes, path, at);
      if (!place) continue;
      sight(place, count, at);
      for (const [type, times] of types) sight(sightingsIn(place.types, type, at), times, at);
      noteMembers(place, texts, at);
    }
  }
}

function countSlot(objects: Map<string, Slots>, path: string, count: number, at: number): void {
  let slots = objects.get(path);
  if (!slots) {
    if (objects.size > MAX_PLACES) return;
    objects.set(path, (slots = new Map() as Slots));
  }
  const slot = slots.get(slotOf(at));
  if (slot) {
    slot.answers++;
    slot.count += count;
  } else slots.set(slotOf(at), { answers: 1, count });
}

function placeOf(shapes: ClassShapes, path: string, at: number): PlaceShapes | undefined {
  const found = shapes.places.get(path);
  if (found) return found;
  if (shapes.places.size >= MAX_PLACES) {
    shapes.isFull = true;
    return undefined;
  }
  const place = { ...none(at), types: new Map(), members: new Map() };
  shapes.places.set(path, place);
  return place;
}

export const none = (at: number): Sightings => ({ answers: 0, count: 0, first: at, last: at });

export function sight(seen: Sightings, count: number, at: number): void {
  seen.answers++;
  seen.count += count;
  seen.first = Math.min(seen.first, at);
  seen.last = Math.max(seen.last, at);
}

function sightingsIn<K>(map: Map<K, Sightings>, key: K, at: number): Sightings {
  let seen = map.get(key);
  if (!seen) map.set(key, (seen = none(at)));
  return seen;
}

function noteMembers(place: PlaceShapes, texts: ReadonlySet<string> | undefined, at: number): void {
  if (!texts || !place.members) {
    place.members = undefined;
    return;
  }
  for (const text of texts) {
    if (isMember(text) && (place.members.has(text) || place.members.size < MAX_MEMBERS)) {
      sight(sightingsIn(place.members, text, at), 1, at);
    } else {
      place.members = undefined;
      return;
    }
  }
}
