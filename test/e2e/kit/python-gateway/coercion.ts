import { isDict, isList, reprFloat, type Py, type PyDict } from './json.ts';

/**
 * What the Python gateway's validator makes of a value. The two tables were compared with pydantic 1.10.4 and 2.13.5, value
 * by value. Both leave a right value as it is; they differ in what else they accept:
 *
 *   asked for a   given                     pydantic 1      pydantic 2
 *   text          5, true, 1.9              "5" "True" "1.9"   refused
 *   integer       1.9                       1               refused
 *   integer       1e20 (from 2^63 on)       itself          refused
 *   integer       "3.0"                     refused         3
 *   map           [], "", [["a", 1]]        {} {} {"a": 1}  refused
 *   both          "3" → 3, true → 1, 1.0 → 1, "1_0" → 10, "2.5" → 2.5, "inf" → infinity, "yes" → true, 0.0 → false
 */

/** The major version of the library by which the gateway validates. */
export type Pydantic = 1 | 2;
export type Kind = 'str' | 'int' | 'float' | 'bool' | 'dict' | 'list';

/** The gateway refuses the request with 422, and sends nothing on. */
export class Invalid extends Error {}

type Coercions = Readonly<Record<Kind, (value: Py) => Py>>;

/** The value that is handed on; throws {@link Invalid}. */
export const coerced = (value: Py, kind: Kind, pydantic: Pydantic): Py => TABLES[pydantic][kind](value);

const refuse = (): never => {
  throw new Invalid();
};

/** A text as Python's `int()` reads it, underscores between digits and blanks around it included. */
const INT_TEXT = /^[-+]?[0-9]+(?:_[0-9]+)*$/;
const FLOAT_TEXT = /^[-+]?(?:[0-9]+(?:_[0-9]+)*\.?|(?:[0-9]+(?:_[0-9]+)*)?\.[0-9]+(?:_[0-9]+)*)(?:e[-+]?[0-9]+)?$/i;
const INFINITE_TEXT = /^([-+]?)inf(?:inity)?$/i;

function readInt(text: string): bigint {
  const plain = text.trim();
  if (!INT_TEXT.test(plain)) return refuse();
  return BigInt(plain.replace(/[_+]/g, ''));
}

function readFloat(text: string): number {
  const plain = text.trim();
  const infinite = INFINITE_TEXT.exec(plain);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (/^[-+]?nan$/i.test(plain)) return NaN;
  return FLOAT_TEXT.test(plain) ? Number(plain.replaceAll('_', '')) : refuse();
}

function toFloat(value: Py): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  // OverflowError from 1e309 on.
  if (typeof value === 'bigint') return Number.isFinite(Number(value)) ? Number(value) : refuse();
  return typeof value === 'string' ? readFloat(value) : refuse();
}

const TRUE = ['1', 'on', 't', 'true', 'y', 'yes'];
const FALSE = ['0', 'off', 'f', 'false', 'n', 'no'];

function toBool(value: Py): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (word !== undefined) return TRUE.includes(word) ? true : FALSE.includes(word) ? false : refuse();
  if (typeof value !== 'bigint' && typeof value !== 'number') return refuse();
  const number = Number(value);
  return number === 1 ? true : number === 0 ? false : refuse();
}

const toList =
  (pydantic: Pydantic) =>
  (value: Py): Py =>
    isList(value) ? value.map((item) => coerced(item, 'str', pydantic)) : refuse();

const PYDANTIC_1: Coercions = {
  str(value) {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    if (typeof value === 'bigint') return String(value);
    return typeof value === 'number' ? reprFloat(value) : refuse();
  },
  int(value) {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'boolean') return BigInt(value);
    if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : refuse();
    return typeof value === 'string' ? readInt(value) : refuse();
  },
  float: toFloat,
  bool: toBool,
  dict: (value) => pythonDict(value),
  list: toList(1),
};

const MAX_INT_OF_FLOAT = 2 ** 63;

const PYDANTIC_2: Coercions = {
  str: (value) => (typeof value === 'string' ? value : refuse()),
  int(value) {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'boolean') return BigInt(value);
    if (typeof value === 'string') return readInt(value.replace(/\.0+(?=\s*$)/, ''));
    if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) >= MAX_INT_OF_FLOAT) return refuse();
    return BigInt(value);
  },
  float: toFloat,
  bool: toBool,
  dict: (value) => (isDict(value) ? value : refuse()),
  list: toList(2),
};

const TABLES: Readonly<Record<Pydantic, Coercions>> = { 1: PYDANTIC_1, 2: PYDANTIC_2 };

/** Python's `dict(value)`, which pydantic 1 calls on whatever is none: of pairs, and a text of two characters is one. */
function pythonDict(value: Py): PyDict {
  if (isDict(value)) return value;
  const items = isList(value) ? value : typeof value === 'string' ? [...value] : refuse();
  return new Map(
    items.map((item): [Py, Py] => {
      const [key, own, ...more] = isList(item)
        ? item
        : isDict(item)
          ? [...item.keys()]
          : typeof item === 'string'
            ? [...item]
            : refuse();
      const isHashable = key !== undefined && (typeof key !== 'object' || key === null);
      return isHashable && own !== undefined && more.length === 0 ? [key, own] : refuse();
    }),
  );
}

/** The body of a request as the map that a model is made of. */
export function modelMap(body: Py, pydantic: Pydantic): PyDict {
  const map = coerced(body, 'dict', pydantic) as PyDict;
  return [...map.keys()].every((key) => typeof key === 'string') ? map : refuse();
}
