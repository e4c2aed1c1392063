/**
 * The shape of a document: which types stand at which place, over all items of a list together. Two shapes are compared
 * and shown; values are not, since they are somebody's name and telephone number.
 */

type Shape = ReadonlyMap<string, string>;

/** `/data/attributes/phone: string → null`; empty when both are of one shape. */
export function shapeDifferences(direct: unknown, gateway: unknown): string[] {
  if (direct === undefined || gateway === undefined) {
    return direct === gateway ? [] : [`/: ${typeOf(direct)} → ${typeOf(gateway)}`];
  }
  const [a, b] = [shapeOf(direct), shapeOf(gateway)];
  const places = [...new Set([...a.keys(), ...b.keys()])];
  const differing = places.filter((place) => a.get(place) !== b.get(place));
  return differing
    .filter((place) => !differing.some((other) => isAbove(other, place) && !(a.has(other) && b.has(other))))
    .map((place) => `${place || '/'}: ${a.get(place) ?? 'missing'} → ${b.get(place) ?? 'missing'}`);
}

/** What lacks a whole branch need not list its leaves. */
const isAbove = (place: string, other: string) => other !== place && other.startsWith(`${place}/`);

function shapeOf(document: unknown): Shape {
  const types = new Map<string, Set<string>>();
  const visit = (value: unknown, place: string): void => {
    const seen = types.get(place) ?? new Set<string>();
    types.set(place, seen.add(typeOf(value)));
    if (Array.isArray(value)) for (const item of value) visit(item, `${place}/*`);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, `${place}/${key}`);
    }
  };
  visit(document, '');
  return new Map(Array.from(types, ([place, seen]) => [place, [...seen].toSorted().join(' or ')]));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'no JSON';
  return Array.isArray(value) ? 'list' : typeof value;
}
