import { isObject, readJson, type JsonValue } from '../json-value.ts';
import { nameOf, shapeOf } from '../shape.ts';

/** What of a body may be told of an unknown write: names of fields and types of their values, never a value. */

const MAX_DEPTH = 4;
/** Of the whole body: a shape is kept for each write, and shown. */
const MAX_MEMBERS = 50;

/** @param body as it was sent; undefined: it streamed, or there was none. */
export function bodyShape(body: Buffer | undefined, announced: boolean): object {
  if (body === undefined) return { body: announced ? 'streamed, not kept' : 'none' };
  const read = readJson(body);
  if (read === undefined) return { body: 'no JSON', bytes: body.length };
  let left = MAX_MEMBERS;
  const shapeIn = (value: JsonValue, depth: number): unknown => {
    if (depth >= MAX_DEPTH) return shapeOf(value);
    if (Array.isArray(value) && value.length > 0) return [shapeIn(value[0] as JsonValue, depth + 1)];
    if (!isObject(value) || left === 0) return shapeOf(value);
    const members = Object.entries(value).slice(0, left);
    left -= members.length;
    return Object.fromEntries(members.map(([name, inner]) => [nameOf(name), shapeIn(inner, depth + 1)]));
  };
  return { json: shapeIn(read.value, 0) };
}
