import { readFileSync } from 'node:fs';
import { CONTACT2SALE } from '../../../src/c2s/pair/contact2sale.ts';
import { parseConfig } from '../../../src/facade/config/load.ts';
import type { BodyField } from '../../../src/facade/config/schema.ts';
import { compileRoutes } from '../../../src/facade/rollout/compile.ts';
import type { Dialect, Endpoint, RouteModel } from '../../../src/facade/rollout/route.ts';

/** The rows of the shipped table, and how each is asked plainly: everything here is made of the table, so that a new row is in it. */

export const DIALECTS: readonly Dialect[] = ['direct', 'gateway'];

const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), { C2S_BASE_URL: 'http://127.0.0.1:1' });
if (!parsed.ok) throw new Error('the shipped table is refused');
export const ROWS: readonly RouteModel[] = compileRoutes(parsed.config, CONTACT2SALE);

/** A field as one dialect writes it. */
export interface Member {
  readonly name: string;
  readonly field: BodyField;
  /** A value that both sides keep, as JSON. */
  readonly value: string;
}

const PLAIN: Readonly<Record<BodyField['type'], string>> = {
  string: '"ação 7"',
  integer: '3',
  number: '2.5',
  boolean: 'true',
  object: '{"a":1}',
  array: '[1]',
};

export function membersOf({ body }: RouteModel, dialect: Dialect): readonly Member[] {
  return Object.entries(body?.fields ?? {}).map(([name, field]) => {
    const own = dialect === 'gateway' ? name : (namesOnDirect(name, field)[0] ?? name);
    const value = field.values ? JSON.stringify(field.values[0]) : PLAIN[field.type];
    return { name: own, field, value: field.list ? `[${value}]` : value };
  });
}

export function namesOnDirect(name: string, { direct }: BodyField): readonly string[] {
  if (direct === undefined) return [name];
  return typeof direct === 'string' ? [direct] : direct;
}

export const objectOf = (members: readonly (readonly [name: string, value: string])[]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;

/** The body with every field that the row knows. */
export const plainBody = (row: RouteModel, dialect: Dialect): string =>
  objectOf(membersOf(row, dialect).map(({ name, value }) => [name, value]));

/** The path of an endpoint with this in the place of each parameter. */
export const pathOf = ({ template }: Endpoint, id: string): string => template.replace(/:\w+/g, () => id);
