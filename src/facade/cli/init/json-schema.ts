import type { BodyField } from '../../config/schema.ts';
import type { ConfigPath } from '../../config/problem.ts';
import { isObject, memberOf, type JsonMap, type LocatedNode, type Source } from './source.ts';

/**
 * What the schemas of an OpenAPI document say of a value, as far as a rollout table can hold it: its JSON type, its
 * bounds, its names. `allOf` is taken together; of `oneOf` and `anyOf` only `X or null` is understood.
 */

export type JsonType = BodyField['type'];

/** A parameter, or a field of a body. */
export interface Field {
  /** Undefined: the schema allows any type, or several. */
  readonly type: JsonType | undefined;
  readonly format: string | undefined;
  readonly required: boolean;
  /** Smallest and largest number allowed; `above`: the number that is just too small. */
  readonly min: number | undefined;
  readonly above: number | undefined;
  readonly max: number | undefined;
  readonly values: readonly unknown[] | undefined;
  /** What the API takes where it is left out, as text. */
  readonly fallback: string | undefined;
}

interface Members {
  readonly properties: ReadonlyMap<string, LocatedNode>;
  readonly required: ReadonlySet<string>;
}

const TYPES: ReadonlySet<unknown> = new Set<JsonType>(['string', 'number', 'integer', 'boolean', 'object', 'array']);
const isType = (value: unknown): value is JsonType => TYPES.has(value);

/** Nesting of a schema that is looked into. */
const MAX_DEPTH = 16;
/** An answer is compared by its outline: lists and objects this deep. */
const OUTLINE_DEPTH = 5;
const MAX_OUTLINE = 300;

const numberAt = (node: JsonMap, name: string): number | undefined => {
  const value = memberOf(node, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};

export class Schemas {
  readonly #source: Source;
  /** By the node: a schema is named by many operations. */
  readonly #members = new WeakMap<JsonMap, Members>();
  readonly #types = new WeakMap<JsonMap, { readonly type: JsonType | undefined }>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** The field that a schema describes. */
  field(schema: unknown, path: ConfigPath, required: boolean): Field {
    const node = this.#source.follow(schema, path)?.node ?? {};
    const [minimum, exclusive] = [numberAt(node, 'minimum'), memberOf(node, 'exclusiveMinimum')];
    const format = memberOf(node, 'format');
    const values = memberOf(node, 'enum');
    const fallback = memberOf(node, 'default');
    return {
      type: this.type(schema, path),
      format: typeof format === 'string' ? format : undefined,
      required,
      // OpenAPI 3.0 says it by a flag beside minimum, 3.1 by the number itself.
      min: exclusive === true ? undefined : minimum,
      above: exclusive === true ? minimum : numberAt(node, 'exclusiveMinimum'),
      max: memberOf(node, 'exclusiveMaximum') === true ? undefined : numberAt(node, 'maximum'),
      values: Array.isArray(values) ? values : undefined,
      fallback: ['string', 'number', 'boolean'].includes(typeof fallback) ? String(fallback) : undefined,
    };
  }

  /** The one JSON type that a schema allows beside null; undefined where it allows any or several. */
  type(schema: unknown, path: ConfigPath, depth = 0): JsonType | undefined {
    const located = this.#source.follow(schema, path);
    if (!located || depth > MAX_DEPTH) return undefined;
    const known = this.#types.get(located.node);
    if (known) return known.type;
    // A schema that is made of itself has no type by that.
    this.#types.set(located.node, { type: undefined });
    const type = this.#typeOf(located, depth);
    this.#types.set(located.node, { type });
    return type;
  }

  #typeOf({ node, path }: LocatedNode, depth: number): JsonType | undefined {
    const written = memberOf(node, 'type');
    const types = (Array.isArray(written) ? (written as unknown[]) : [written]).filter((type) => type !== 'null');
    if (types.length > 1) return undefined;
    if (isType(types[0])) return types[0];
    if (isObject(memberOf(node, 'properties'))) return 'object';
    const found = new Set(this.#partsOf(node, path).map(({ part, at }) => this.type(part, at, depth + 1)));
    const named = [...found].filter((type) => type !== undefined);
    // Of a choice every branch must be known; what is put together is known by any part.
    const isChoice = memberOf(node, 'allOf') === undefined;
    return named.length === 1 && (!isChoice || found.size === 1) ? named[0] : undefined;
  }

  /** The members of an object schema, those of `allOf` included. */
  members(schema: unknown, path: ConfigPath): Members {
    const located = this.#source.follow(schema, path);
    const known = located && this.#members.get(located.node);
    if (known) return known;
    const properties = new Map<string, LocatedNode>();
    const required = new Set<string>();
    if (located) {
      this.#collect(located, properties, required, new Set());
      this.#members.set(located.node, { properties, required });
    }
    return { properties, required };
  }

  /** The outline of an answer (`/data/…/id` and its type), by which two documents are compared. */
  outline(schema: unknown, path: ConfigPath): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    this.#outline(schema, path, '', 0, found);
    return found;
  }

  #outline(schema: unknown, path: ConfigPath, name: string, depth: number, found: Map<string, string>): void {
    const located = this.#source.follow(schema, path);
    if (!located) return;
    const type = this.type(schema, path);
    if (name !== '') found.set(name, type ?? 'any');
    if (depth >= OUTLINE_DEPTH) return;
    const { node, path: at } = located;
    if (type === 'array') this.#outline(memberOf(node, 'items'), [...at, 'items'], `${name}/*`, depth + 1, found);
    if (type !== 'object') return;
    for (const [member, { node: inner, path: there }] of this.members(node, at).properties) {
      if (found.size >= MAX_OUTLINE) return;
      this.#outline(inner, there, `${name}/${member}`, depth + 1, found);
    }
  }

  #collect(
    { node, path }: LocatedNode,
    properties: Map<string, LocatedNode>,
    required: Set<string>,
    seen: Set<JsonMap>,
    depth = 0,
  ): void {
    if (seen.has(node) || depth > MAX_DEPTH) return;
    seen.add(node);
    const own = memberOf(node, 'properties');
    for (const [name, value] of isObject(own) ? Object.entries(own) : []) {
      const at = [...path, 'properties', name];
      // A schema of `true` allows anything.
      const schema = isObject(value) ? this.#source.follow(value, at) : { node: {}, path: at };
      if (schema) properties.set(name, schema);
    }
    const names = memberOf(node, 'required');
    for (const name of Array.isArray(names) ? (names as unknown[]) : [])
      if (typeof name === 'string') required.add(name);
    const all = memberOf(node, 'allOf');
    (Array.isArray(all) ? (all as unknown[]) : []).forEach((part, i) => {
      const inner = this.#source.follow(part, [...path, 'allOf', i]);
      if (inner) this.#collect(inner, properties, required, seen, depth + 1);
    });
  }

  /** The parts of allOf, oneOf or anyOf, without `null`. */
  #partsOf(node: JsonMap, path: ConfigPath): { readonly part: unknown; readonly at: ConfigPath }[] {
    return ['allOf', 'oneOf', 'anyOf'].flatMap((key) => {
      const parts = memberOf(node, key);
      if (!Array.isArray(parts)) return [];
      return (parts as unknown[])
        .map((part, i) => ({ part, at: [...path, key, i] }))
        .filter(({ part }) => !(isObject(part) && memberOf(part, 'type') === 'null'));
    });
  }
}
