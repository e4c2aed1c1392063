import type { SampleJson, SampleSideJson } from './model.ts';

/** Where two answers of a sample differ, for a table of two columns. Samples are redacted before they leave the facade. */

export interface DifferingPlace {
  /** JSON pointer; `status` and `header NAME` for what stands before the body. */
  readonly place: string;
  /** Undefined: it is not there. */
  readonly direct: string | undefined;
  readonly gateway: string | undefined;
}

/** More cannot be read. */
const MAX_PLACES = 50;

export function differingPlaces({ control, candidate }: Pick<SampleJson, 'control' | 'candidate'>): DifferingPlace[] {
  const places: DifferingPlace[] = [];
  const add = (place: string, direct: string | undefined, gateway: string | undefined): void => {
    if (direct !== gateway && places.length < MAX_PLACES) places.push({ place, direct, gateway });
  };
  add('status', statusOf(control), statusOf(candidate));
  for (const name of new Set([...Object.keys(control.headers), ...Object.keys(candidate.headers)]))
    add(`header ${name}`, control.headers[name], candidate.headers[name]);
  walk('', jsonOf(control.body), jsonOf(candidate.body), add);
  return places;
}

const statusOf = ({ status, failure }: SampleSideJson): string => failure ?? String(status);

/** What is no JSON is one text. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

type Add = (place: string, direct: string | undefined, gateway: string | undefined) => void;

function walk(place: string, one: unknown, other: unknown, add: Add): void {
  if (!isTree(one) || !isTree(other) || Array.isArray(one) !== Array.isArray(other)) {
    return add(place === '' ? 'body' : place, textOf(one), textOf(other));
  }
  const [left, right] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    walk(`${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, left[key], right[key], add);
  }
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null;
const textOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value, null, 1);
