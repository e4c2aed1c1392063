import { z } from 'zod';

/** The rollout table as JSON Schema: what editors complete and explain while an operator types (first line of facade.yaml). */

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
export function jsonSchemaOf(table: z.ZodType): JsonSchema {
  const schema = z.toJSONSchema(table, { io: 'input' }) as JsonSchema;
  return { ...schema, title: 'c2s-facade: the rollout table and its settings' };
}

export const jsonSchemaText = (schema: JsonSchema): string => `${JSON.stringify(schema, undefined, 2)}\n`;
