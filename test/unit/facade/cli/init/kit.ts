import { CONTACT2SALE } from '../../../../../src/c2s/pair/contact2sale.ts';
import { firstTable, type FirstTable } from '../../../../../src/facade/cli/init/index.ts';
import { formatProblems, parseConfig } from '../../../../../src/facade/config/load.ts';
import type { FacadeConfig } from '../../../../../src/facade/config/schema.ts';

/** Small OpenAPI documents for tests, and the tables that are made of them. */

export type Json = Readonly<Record<string, unknown>>;

/** @param operations `GET /leads/{id}`, or that with what the operation says. */
export function documentOf(operations: readonly (string | readonly [string, Json])[], more: Json = {}): string {
  const paths: Record<string, Record<string, unknown>> = Object.create(null) as Record<string, Record<string, unknown>>;
  for (const one of operations) {
    const [name, said] = typeof one === 'string' ? [one, {}] : one;
    const [method = '', path = ''] = name.split(/ (.*)/s);
    (paths[path] ??= {})[method.toLowerCase()] = { responses: {}, ...said };
  }
  return JSON.stringify({ openapi: '3.1.0', info: { title: 't', version: '1' }, paths, ...more });
}

/** @throws Error with every problem. */
export function tableOf(direct: string, gateway: string): FirstTable {
  const made = firstTable(
    { file: 'old.yaml', text: direct },
    { file: 'new.yaml', text: gateway },
    CONTACT2SALE.variables,
  );
  if (made.ok) return made.table;
  throw new Error(made.problems.map(({ file, problem }) => formatProblems(file, [problem])).join('\n'));
}

/** What the facade would read. @throws Error where it would refuse. */
export function loaded(text: string): FacadeConfig {
  const parsed = parseConfig(text, {
    C2S_BASE_URL: 'http://direct.invalid',
    C2S_GATEWAY_URL: 'http://gateway.invalid',
  });
  if (parsed.ok) return parsed.config;
  throw new Error(`${formatProblems('table', parsed.problems)}\n${text}`);
}

export const configFrom = (direct: string, gateway: string): FacadeConfig => loaded(tableOf(direct, gateway).text);

/** The remarks of a table, each as one line. */
export const remarksOf = (text: string): string[] =>
  [...text.replaceAll(/\n *# {7}/g, ' ').matchAll(/# look: (.*)/g)].map(([, remark]) => remark ?? '');

export const jsonBody = (properties: Json, required: readonly string[] = []): Json => ({
  requestBody: { content: { 'application/json': { schema: { type: 'object', properties, required } } } },
});

export const answers = (status: string, schema: Json): Json => ({
  responses: { [status]: { description: '', content: { 'application/json': { schema } } } },
});

export const queryOf = (...parameters: readonly (readonly [string, Json])[]): Json => ({
  parameters: parameters.map(([name, schema]) => ({ name, in: 'query', schema })),
});
