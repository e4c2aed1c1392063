import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TABLE_SCHEMA } from '../../../../src/c2s/table-schema.ts';
import { jsonSchemaText, type JsonSchema } from '../../../../src/facade/config/json-schema.ts';

/** Every option of the schema with the way to it. */
function options(schema: JsonSchema, path = ''): [string, JsonSchema][] {
  const { properties = {}, items, anyOf = [], additionalProperties } = schema;
  return [
    ...Object.entries(properties).flatMap(([key, inner]): [string, JsonSchema][] => [
      [`${path}.${key}`, inner],
      ...options(inner, `${path}.${key}`),
    ]),
    ...(items ? options(items, `${path}[]`) : []),
    ...anyOf.flatMap((branch) => options(branch, path)),
    ...(additionalProperties ? options(additionalProperties, `${path}.*`) : []),
  ];
}

describe('config/facade.schema.json', () => {
  it('is what the schema says today; `npm run schema` writes it', () => {
    const committed = readFileSync(join(import.meta.dirname, '../../../../config/facade.schema.json'), 'utf8');
    expect(committed).toBe(jsonSchemaText(TABLE_SCHEMA.json));
  });

  it('describes every option', () => {
    const found = options(TABLE_SCHEMA.json);
    const names = found.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        '.routes[].rollout.gateway',
        '.upstreams.direct.rateBudget.burst',
        '.routes[].query.*.max',
      ]),
    );
    expect(found.filter(([, { description = '' }]) => description.length < 10).map(([name]) => name)).toEqual([]);
  });

  it('refuses unknown keys in the editor already', () => {
    const maps = options(TABLE_SCHEMA.json).filter(([, { properties }]) => properties);
    expect(maps.filter(([, { additionalProperties }]) => additionalProperties !== false)).toEqual([]);
  });

  it('asks for no more than must be written', () => {
    const { required, properties } = TABLE_SCHEMA.json;
    expect(required).toEqual(['upstreams', 'routes']);
    expect(properties?.['routes']?.items?.required).toEqual(['id', 'rollout']);
  });
});
