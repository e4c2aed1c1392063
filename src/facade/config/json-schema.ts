import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { facadeConfigSchema } from './schema.ts';

/**
 * config/facade.schema.json: what editors complete and explain while an operator types (first line of facade.yaml).
 * `npm run schema` writes it; a test compares the committed file, so that it cannot drift from the schema.
 */

/** The part of JSON Schema that zod writes for this config. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The input side: what may be written, defaults not yet filled in. */
export function facadeJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(facadeConfigSchema, { io: 'input' }) as JsonSchema;
  return { ...schema, title: 'c2s-facade: the rollout table and its settings' };
}

export const facadeJsonSchemaText = () => `${JSON.stringify(facadeJsonSchema(), undefined, 2)}\n`;

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, '../../../config/facade.schema.json'), facadeJsonSchemaText());
}
