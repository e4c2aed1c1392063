import type { BodyField, BodyRule } from '../config/schema.ts';

/**
 * The names of a body's fields on both endpoints, looked up in either direction. Built from the rule once and kept as
 * long as the rule lives: a reload brings new rules and with them new vocabularies.
 */

export interface KnownField {
  /** On the gateway endpoint. */
  readonly name: string;
  readonly field: BodyField;
  /** A `list` field under a name of the direct endpoint holds its one value; under the gateway's name, the list. */
  readonly single: boolean;
}

interface Vocabulary {
  /** By every name that the direct endpoint reads. */
  readonly flat: ReadonlyMap<string, KnownField>;
  /** By the name on the gateway endpoint. */
  readonly gateway: ReadonlyMap<string, KnownField>;
  /** By the name inside `data.attributes` of the JSON:API form. */
  readonly attributes: ReadonlyMap<string, KnownField>;
  /** The name that the direct endpoint is sent (inside `data.attributes`, where it takes JSON:API), by gateway name. */
  readonly written: ReadonlyMap<string, string>;
}

const known = new WeakMap<BodyRule, Vocabulary>();

export function vocabularyOf(rule: BodyRule): Vocabulary {
  let vocabulary = known.get(rule);
  if (!vocabulary) known.set(rule, (vocabulary = build(rule)));
  return vocabulary;
}

function build(rule: BodyRule): Vocabulary {
  const flat = new Map<string, KnownField>();
  const gateway = new Map<string, KnownField>();
  const attributes = new Map<string, KnownField>();
  const written = new Map<string, string>();
  for (const [name, field] of Object.entries(rule.fields)) {
    const names = directNames(name, field);
    gateway.set(name, { name, field, single: false });
    const renamed = rule.jsonApi?.names[name];
    for (const direct of names) flat.set(direct, { name, field, single: field.list && direct !== name });
    for (const attribute of renamed === undefined ? names : [renamed]) {
      attributes.set(attribute, { name, field, single: field.list && attribute !== name });
    }
    written.set(name, renamed ?? names[0] ?? name);
  }
  return { flat, gateway, attributes, written };
}

function directNames(name: string, { direct }: BodyField): readonly string[] {
  if (direct === undefined) return [name];
  return typeof direct === 'string' ? [direct] : direct;
}
