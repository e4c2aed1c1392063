import type { ShapeType } from './answer-shape.ts';
import type { AnswerClass, ClassShapes, DayShapes, Sightings, Slots } from './day-shapes.ts';
import { MAX_MEMBERS } from './members.ts';

/** The shapes of all days and instances together. */

export interface PlaceTotal extends Sightings {
  readonly types: Map<ShapeType, Sightings>;
  /** Undefined: it is no enum, on one of the days at least. */
  members: Map<string, Sightings> | undefined;
}

export interface ClassTotal {
  readonly places: Map<string, PlaceTotal>;
  readonly objects: Map<string, Slots>;
  isFull: boolean;
}
export type ShapeTotals = Map<AnswerClass, ClassTotal>;

export function totalsOf(days: Iterable<DayShapes>): ShapeTotals {
  const totals: ShapeTotals = new Map();
  for (const { classes } of days) {
    for (const [of, shapes] of classes) {
      let total = totals.get(of);
      if (!total) totals.set(of, (total = { places: new Map(), objects: new Map(), isFull: false }));
      addClass(total, shapes);
    }
  }
  return totals;
}

function addClass(total: ClassTotal, { places, objects, isFull }: ClassShapes): void {
  total.isFull ||= isFull;
  for (const [path, slots] of objects) {
    let sums = total.objects.get(path);
    if (!sums) total.objects.set(path, (sums = new Map() as Slots));
    for (const [slot, { answers, count }] of slots) {
      const sum = sums.get(slot);
      sums.set(slot, { answers: answers + (sum?.answers ?? 0), count: count + (sum?.count ?? 0) });
    }
  }
  for (const [path, place] of places) {
    let sum = total.places.get(path);
    if (!sum) {
      sum = { ...place, answers: 0, count: 0, types: new Map(), members: new Map() };
      total.places.set(path, sum);
    }
    addSightings(sum, place);
    addAll(sum.types, place.types);
    if (sum.members && place.members) addAll(sum.members, place.members);
    else sum.members = undefined;
    if (sum.members && sum.members.size > MAX_MEMBERS) sum.members = undefined;
  }
}

function addAll<K>(sums: Map<K, Sightings>, all: ReadonlyMap<K, Sightings>): void {
  for (const [key, seen] of all) {
    const sum = sums.get(key);
    if (sum) addSightings(sum, seen);
    else sums.set(key, { ...seen });
  }
}

function addSightings(sum: Sightings, { answers, count, first, last }: Sightings): void {
  sum.answers += answers;
  sum.count += count;
  sum.first = Math.min(sum.first, first);
  sum.last = Math.max(sum.last, last);
}
