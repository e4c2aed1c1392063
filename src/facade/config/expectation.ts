import type { JsonSchema } from './json-schema.ts';
import type { ConfigPath } from './problem.ts';

/**
 * What may stand at a place of the config, in words: "write a number from 0 to 100". Read from the JSON Schema, so
 * that no message has to repeat a bound that the schema holds.
 */

function step(schema: JsonSchema, key: string | number): JsonSchema | undefined {
  if (typeof key === 'number') return schema.items ?? schema.anyOf?.find((branch) => branch.items)?.items;
  const properties = schema.properties ?? {};
  if (Object.hasOwn(properties, key)) return properties[key];
  return schema.additionalProperties === false ? undefined : schema.additionalProperties;
}

function schemaAt(root: JsonSchema, path: ConfigPath): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>((schema, key) => schema && step(schema, key), root);
}

function range({ minimum, maximum = Infinity }: JsonSchema): string {
  const bounded = maximum < Number.MAX_SAFE_INTEGER;
  if (minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER) return bounded ? ` of at most ${maximum}` : '';
  return bounded ? ` from ${minimum} to ${maximum}` : ` of at least ${minimum}`;
}

function describe(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `"${value}"`).join(' or ');
  if (schema.anyOf) return schema.anyOf.map(describe).join(' or ');
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'number') return `a number${range(schema)}`;
  if (schema.type === 'integer') return `a whole number${range(schema)}`;
  if (schema.type === 'array') return 'a list';
  if (schema.type === 'string') return 'a text';
  return schema.properties ? `a map with the keys ${Object.keys(schema.properties).join(', ')}` : 'a map';
}

/** "write …" for the value at `path`. @param root of the whole table. */
export function expectationAt(root: JsonSchema, path: ConfigPath): string {
  const schema = schemaAt(root, path);
  return `write ${schema ? describe(schema) : 'another value'}`;
}

/** The keys that the map at `path` knows; empty where any key may stand. */
export function knownKeysAt(root: JsonSchema, path: ConfigPath): string[] {
  return Object.keys(schemaAt(root, path)?.properties ?? {});
}
