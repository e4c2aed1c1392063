import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { facadeConfigSchema, type BodyRule, type QueryRule } from '../../../../src/facade/config/schema.ts';

/** The rules of all routes, validated by the schema that the facade itself uses. */
const rowSchema = facadeConfigSchema.shape.routes.element.pick({ id: true, query: true, body: true, success: true });

const source = readFileSync(new URL('rows.yaml', import.meta.url), 'utf8');

export const rows = rowSchema.array().parse(parse(source));

function row(id: string) {
  const found = rows.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`no route ${id}`);
  return found;
}

export function bodyRule(id: string): BodyRule {
  const { body } = row(id);
  if (!body) throw new Error(`route ${id} has no body`);
  return body;
}

export function queryRule(id: string): QueryRule {
  return row(id).query ?? {};
}

export const successOf = (id: string) => row(id).success ?? {};
