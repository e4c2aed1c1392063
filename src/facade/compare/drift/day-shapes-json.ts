import type { ShapeType } from './answer-shape.ts';
import { DayShapes, type AnswerClass, type ClassShapes, type Sightings } from './day-shapes.ts';

/** How a day's shapes are stored: short, since an object has a count for each quarter of an hour. */

/** answers, count, first, last */
type SightingsJson = readonly [number, number, number, number];

interface PlaceJson {
  readonly s: SightingsJson;
  readonly t: Readonly<Record<string, SightingsJson>>;
  /** Members of an enum; null: it is none; left out: too few were seen to know. */
  readonly m?: Readonly<Record<string, SightingsJson>> | null;
}

interface ClassJson {
  readonly places: Readonly<Record<string, PlaceJson>>;
  /** slot, answers, count */
  readonly objects: Readonly<Record<string, readonly (readonly [number, number, number])[]>>;
  readonly isFull?: true;
}

export interface DayShapesJson {
  readonly classes: Readonly<Partial<Record<AnswerClass, ClassJson>>>;
}

/** @param isEnum of a place whose texts look like those of an enum: is it known to be one? Until then none is stored. */
export function dayShapesJson(day: DayShapes, isEnum: (of: AnswerClass, path: string) => boolean): DayShapesJson {
  return {
    classes: Object.fromEntries(
      Array.from(day.classes, ([of, shapes]) => [of, classJson(shapes, (path) => isEnum(of, path))]),
    ),
  };
}

function classJson({ places, objects, isFull }: ClassShapes, isEnum: (path: string) => boolean): ClassJson {
  return {
    places: Object.fromEntries(
      Array.from(places, ([path, { types, members, ...seen }]): [string, PlaceJson] => {
        const place = { s: written(seen), t: writtenAll(types) };
        if (!members) return [path, { ...place, m: null }];
        return [path, members.size > 0 && isEnum(path) ? { ...place, m: writtenAll(members) } : place];
      }),
    ),
    objects: Object.fromEntries(
      Array.from(objects, ([path, slots]) => [
        path,
        Array.from(slots, ([slot, { answers, count }]) => [slot, answers, count] as const),
      ]),
    ),
    ...(isFull && { isFull }),
  };
}

const written = ({ answers, count, first, last }: Sightings): SightingsJson => [answers, count, first, last];
const writtenAll = (all: ReadonlyMap<string, Sightings>) =>
  Object.fromEntries(Array.from(all, ([key, seen]) => [key, written(seen)]));

/** @throws for what another version wrote in another form. */
export function readDayShapes({ classes }: DayShapesJson): DayShapes {
  const day = new DayShapes();
  for (const [of, { places, objects, isFull = false }] of Object.entries(classes) as [AnswerClass, ClassJson][]) {
    day.classes.set(of, {
      places: new Map(
        Object.entries(places).map(([path, { s, t, m }]) => [
          path,
          {
            ...read(s),
            types: readAll(t) as Map<ShapeType, Sightings>,
            members: m === null ? undefined : readAll(m ?? {}),
          },
        ]),
      ),
      objects: new Map(
        Object.entries(objects).map(([path, slots]) => [
          path,
          new Map(slots.map(([slot, answers, count]) => [slot, { answers, count }])),
        ]),
      ),
      isFull,
    });
  }
  return day;
}

function read([answers, count, first, last]: SightingsJson): Sightings {
  if (![answers, count, first, last].every(Number.isFinite)) throw new TypeError('a sighting is four numbers');
  return { answers, count, first, last };
}

const readAll = (all: Readonly<Record<string, SightingsJson>>): Map<string, Sightings> =>
  new Map(Object.entries(all).map(([key, seen]) => [key, read(seen)]));
