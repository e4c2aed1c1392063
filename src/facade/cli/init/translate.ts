import type { BodyField, QueryRule } from '../../config/schema.ts';
import type { Field } from './json-schema.ts';
import { parametersIn } from './match.ts';
import type { ApiOperation, OperationBody } from './openapi.ts';
import { fieldKey, listed } from './text.ts';

/**
 * What a route says of queries, bodies and statuses, from the two operations of a pair. Only what both documents have is
 * written, since all else takes the direct path then: the route loses nothing, and a remark names what it leaves out. Pure.
 */

type WithType<T extends { readonly type: unknown }> = Partial<T> & Pick<T, 'type'>;
type WrittenParameter = WithType<QueryRule[string]>;
type WrittenField = WithType<BodyField>;

export interface RouteTranslation {
  readonly query: readonly (readonly [name: string, parameter: WrittenParameter])[];
  /** Undefined: the route has no body, and a request with one goes direct. */
  readonly body: WrittenBody | undefined;
  readonly success: { readonly direct: number; readonly gateway: number } | undefined;
  readonly remarks: readonly string[];
}

export interface WrittenBody {
  readonly fields: readonly (readonly [name: string, field: WrittenField])[];
  /** Fields of direct that repeat a path parameter. */
  readonly echoes: readonly (readonly [field: string, parameter: string])[];
}

/** Characters of a name; a key of YAML may have 1,024. */
const MAX_NAME = 200;
/** Of a vocabulary that is longer nobody reads the list. */
const MAX_VALUES = 50;

/** @param params the names of the route's path parameters, in their order. */
export function translate(direct: ApiOperation, gateway: ApiOperation, params: readonly string[]): RouteTranslation {
  const remarks: string[] = [...parameterRemarks(direct, gateway, params)];
  const query = translateQuery(direct.query, gateway.query, remarks);
  const body = translateBody(direct.body, gateway.body, params, remarks);
  remarks.push(...headerRemarks(direct, gateway), ...answerRemarks(direct, gateway));
  const [asked, answered] = [direct.success?.status, gateway.success?.status];
  const differs = asked !== undefined && answered !== undefined && asked !== answered;
  return { query, body, success: differs ? { direct: asked, gateway: answered } : undefined, remarks };
}

/** Can the table hold it as a key? The loader's reader leaves `__proto__` out, and an empty name means nothing. */
const isWritable = (name: string): boolean => name !== '' && name !== '__proto__' && name.length <= MAX_NAME;

/** A pair of names that are the same by their words, each used once; names that are written alike go first. */
function namePairs(
  direct: ReadonlyMap<string, Field>,
  gateway: ReadonlyMap<string, Field>,
): ReadonlyMap<string, string> {
  const found = new Map([...gateway.keys()].filter((name) => direct.has(name)).map((name) => [name, name]));
  const left = new Map([...direct.keys()].filter((name) => !found.has(name)).map((name) => [fieldKey(name), name]));
  for (const name of gateway.keys()) {
    const other = found.has(name) ? undefined : left.get(fieldKey(name));
    if (other === undefined) continue;
    found.set(name, other);
    left.delete(fieldKey(name));
  }
  return found;
}

function translateQuery(
  direct: ReadonlyMap<string, Field>,
  gateway: ReadonlyMap<string, Field>,
  remarks: string[],
): RouteTranslation['query'] {
  const pairs = namePairs(direct, gateway);
  const same = [...pairs].filter(([name, other]) => name === other).map(([name]) => name);
  const respelt = [...pairs].filter(([name, other]) => name !== other).map(([name, other]) => `${other} (${name})`);
  const taken = new Set(pairs.values());
  const onDirect = [...direct.keys()].filter((name) => !taken.has(name));
  const onGateway = [...gateway.keys()].filter((name) => !pairs.has(name));
  if (respelt.length > 0)
    remarks.push(
      `the gateway spells query parameters otherwise, and a route cannot rename them, so a request with one goes direct: ${listed(respelt)}`,
    );
  if (onDirect.length > 0)
    remarks.push(`only direct has these query parameters, and a request with one goes direct: ${listed(onDirect)}`);
  if (onGateway.length > 0) remarks.push(`only the gateway has these query parameters: ${listed(onGateway)}`);
  const missing = [...gateway].filter(([name, { required }]) => required && !direct.get(name)?.required);
  if (missing.length > 0)
    remarks.push(`the gateway refuses a request without these query parameters: ${listed(missing.map(([n]) => n))}`);
  return same.flatMap((name) => {
    const [one, other] = [direct.get(name), gateway.get(name)];
    if (!one || !other) return [];
    if (!isWritable(name) || other.type === 'object') {
      remarks.push(`the query parameter ${listed([name])} cannot be written here, and a request with it goes direct`);
      return [];
    }
    remarks.push(...differences(`query parameter ${listed([name])}`, one, other));
    if (other.type === 'array')
      remarks.push(`the query parameter ${listed([name])} is a list: a request that repeats it goes direct`);
    return [[name, parameterOf(one, other)] as const];
  });
}

function parameterOf(direct: Field, gateway: Field): WrittenParameter {
  const type = gateway.type === 'integer' || gateway.type === 'boolean' ? gateway.type : 'string';
  const min = gateway.above === undefined ? gateway.min : Math.floor(gateway.above) + 1;
  const bounds = type === 'integer' ? integerBounds(min, gateway.max) : {};
  const { fallback } = gateway;
  const isAdded = fallback !== undefined && fallback !== direct.fallback && /^[\w.~-]{1,100}$/.test(fallback);
  const values = type === 'string' ? vocabulary(gateway.values) : undefined;
  return { type, ...bounds, ...(isAdded ? { default: fallback } : {}), ...(values ? { values } : {}) };
}

function integerBounds(least: number | undefined, most: number | undefined): { min?: number; max?: number } {
  const whole = (bound: number | undefined): bound is number => bound !== undefined && Number.isSafeInteger(bound);
  const min = least === undefined ? undefined : Math.ceil(least);
  const max = most === undefined ? undefined : Math.floor(most);
  if (whole(min) && whole(max) && min > max) return {};
  return { ...(whole(min) ? { min } : {}), ...(whole(max) ? { max } : {}) };
}

/** Undefined where the table cannot hold it: `${` is read as a variable there. */
function vocabulary(values: readonly unknown[] | undefined): string[] | undefined {
  const texts = values?.filter((value) => typeof value === 'string') ?? [];
  const isPlain = texts.every((text) => text.length <= MAX_NAME && !text.includes('${'));
  if (texts.length === 0 || texts.length > MAX_VALUES || texts.length !== values?.length || !isPlain) return undefined;
  return texts;
}

function translateBody(
  direct: OperationBody | undefined,
  gateway: OperationBody | undefined,
  params: readonly string[],
  remarks: string[],
): WrittenBody | undefined {
  if (!direct && !gateway) return undefined;
  if (!direct || !gateway) {
    remarks.push(`only ${direct ? 'direct' : 'the gateway'} takes a body; a request with one goes direct`);
    return undefined;
  }
  if (!direct.fields || !gateway.fields) {
    const kinds = [...new Set([...kindOf(direct), ...kindOf(gateway)])];
    remarks.push(`a route translates JSON objects only, so every request with a body goes direct: ${listed(kinds)}`);
    return undefined;
  }
  const pairs = namePairs(direct.fields, gateway.fields);
  const written = [...gateway.fields].flatMap(([name, field]) => {
    const other = pairs.get(name);
    const one = other === undefined ? undefined : direct.fields?.get(other);
    const made = fieldOf(name, field, other, one, remarks);
    return made ? [[name, made] as const] : [];
  });
  const names = new Set(written.map(([name]) => name));
  const lost = [...gateway.fields].filter(([name, { required }]) => required && !names.has(name));
  if (lost.length > 0 || ![...pairs.keys()].some((name) => names.has(name))) {
    const why = lost.length > 0 ? `it cannot hold ${listed(lost.map(([name]) => name))}` : 'no field is the same';
    remarks.push(`the route has no body, since ${why}: every request with a body goes direct`);
    return undefined;
  }
  const taken = new Set(pairs.values());
  const rest = [...direct.fields.keys()].filter((name) => !taken.has(name));
  const echoes = rest.flatMap((name) => {
    const parameter = params.find((param) => fieldKey(param) === fieldKey(name));
    return parameter !== undefined && isKeyAndText(name) ? [[name, parameter] as const] : [];
  });
  remarks.push(...fieldRemarks(rest, echoes, gateway.fields, pairs));
  return { fields: written, echoes };
}

const kindOf = ({ fields, mediaTypes, type }: OperationBody): string[] =>
  fields ? [] : type === undefined ? [...mediaTypes] : [`a JSON ${type}`];

/** A name that is also written as a value. */
const isKeyAndText = (name: string): boolean => isWritable(name) && !name.includes('${');

/** @param other its name on direct; undefined: direct has no such field. */
function fieldOf(
  name: string,
  field: Field,
  other: string | undefined,
  one: Field | undefined,
  remarks: string[],
): WrittenField | undefined {
  // Written all the same where the gateway insists on it: a body without it then goes direct, and is not refused.
  if (other === undefined && !field.required) return undefined;
  const type = field.type ?? one?.type;
  const isNamed = isWritable(name) && (other === undefined || other === name || isKeyAndText(other));
  if (type === undefined || !isNamed) {
    const why = type === undefined ? 'has not one type in both documents' : 'has a name that a route cannot hold';
    remarks.push(`the field ${listed([name])} ${why}, and a request with it goes direct`);
    return undefined;
  }
  if (one) remarks.push(...differences(`field ${listed([name])}`, one, field));
  const isNumber = type === 'number' || type === 'integer';
  return {
    ...(other === undefined || other === name ? {} : { direct: other }),
    type,
    ...(isNumber && field.min !== undefined ? { min: field.min } : {}),
    ...(isNumber && field.above !== undefined ? { above: field.above } : {}),
    ...(field.required ? { required: true } : {}),
  };
}

function fieldRemarks(
  onDirect: readonly string[],
  echoes: WrittenBody['echoes'],
  gateway: ReadonlyMap<string, Field>,
  pairs: ReadonlyMap<string, string>,
): string[] {
  const echoed = new Set(echoes.map(([name]) => name));
  const others = onDirect.filter((name) => !echoed.has(name));
  const onGateway = [...gateway].filter(([name]) => !pairs.has(name));
  const optional = onGateway.filter(([, { required }]) => !required).map(([name]) => name);
  const required = onGateway.filter(([, field]) => field.required).map(([name]) => name);
  return [
    ...(echoes.length > 0 ? [`do these fields of direct only repeat the path? ${listed([...echoed])}`] : []),
    ...(others.length > 0
      ? [`only direct has these fields, and a request with one goes direct: ${listed(others)}`]
      : []),
    ...(optional.length > 0 ? [`only the gateway has these fields: ${listed(optional)}`] : []),
    ...(required.length > 0
      ? [`the gateway refuses a body without these fields, which direct does not have: ${listed(required)}`]
      : []),
  ];
}

/** What two documents say otherwise of the same parameter or field. */
function differences(what: string, direct: Field, gateway: Field): string[] {
  const found: string[] = [];
  if (!isSameType(direct.type, gateway.type))
    found.push(`the ${what} is ${kind(direct)} on direct and ${kind(gateway)} on the gateway`);
  else if (direct.format !== gateway.format && direct.format !== undefined && gateway.format !== undefined)
    found.push(
      `the ${what} has the format ${listed([direct.format])} on direct and ${listed([gateway.format])} on the gateway`,
    );
  if (direct.values && gateway.values && !isSameSet(direct.values, gateway.values))
    found.push(`the values of the ${what} differ between the two`);
  if (direct.fallback !== undefined && gateway.fallback !== undefined && direct.fallback !== gateway.fallback)
    found.push(
      `left out, the ${what} counts as ${listed([direct.fallback])} on direct and ${listed([gateway.fallback])} on the gateway`,
    );
  return found;
}

const kind = ({ type, format }: Field): string =>
  `${type ?? 'any'}${format === undefined ? '' : ` (${listed([format])})`}`;

/** Every integer is a number. */
const isSameType = (direct: string | undefined, gateway: string | undefined): boolean =>
  direct === undefined || gateway === undefined || direct === gateway || (direct === 'integer' && gateway === 'number');

function isSameSet(one: readonly unknown[], other: readonly unknown[]): boolean {
  const [a, b] = [new Set(one), new Set(other)];
  return a.size === b.size && [...a].every((value) => b.has(value));
}

/** Path parameters are handed on as they came, so their form must be the same. */
function parameterRemarks(direct: ApiOperation, gateway: ApiOperation, params: readonly string[]): string[] {
  const [ones, others] = [parametersIn(direct.path), parametersIn(gateway.path)];
  return params.flatMap((param, i) => {
    const [one, other] = [direct.parameters.get(ones[i] ?? ''), gateway.parameters.get(others[i] ?? '')];
    if (!one || !other || (isSameType(one.type, other.type) && one.format === other.format)) return [];
    return [
      `:${param} is ${kind(one)} on direct and ${kind(other)} on the gateway: does the same value name the same record?`,
    ];
  });
}

function headerRemarks(direct: ApiOperation, gateway: ApiOperation): string[] {
  const known = new Set(direct.requiredHeaders.map((name) => name.toLowerCase()));
  const missing = gateway.requiredHeaders.filter((name) => !known.has(name.toLowerCase()));
  return missing.length > 0 ? [`the gateway asks for headers that direct does not: ${listed(missing)}`] : [];
}

function answerRemarks(direct: ApiOperation, gateway: ApiOperation): string[] {
  const [one, other] = [direct.success?.outline, gateway.success?.outline];
  if (!one || !other) return [];
  const onDirect = onlyIn(one, other);
  const onGateway = onlyIn(other, one);
  const differ = [...one].filter(([name, type]) => !isSameAnswer(type, other.get(name)));
  return [
    ...(onDirect.length > 0 ? [`only the answer of direct has: ${listed(onDirect)}`] : []),
    ...(onGateway.length > 0 ? [`only the answer of the gateway has: ${listed(onGateway)}`] : []),
    ...(differ.length > 0
      ? [
          `these parts of the answers have another type: ${listed(differ.map(([name, type]) => `${name} (${type}, ${other.get(name)})`))}`,
        ]
      : []),
  ];
}

/** Of an object that is missing, not what is inside of it as well. */
function onlyIn(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  const isMissing = (name: string): boolean => one.has(name) && !other.has(name);
  return [...one.keys()].filter((name) => isMissing(name) && !isMissing(name.slice(0, name.lastIndexOf('/'))));
}

function isSameAnswer(one: string, other: string | undefined): boolean {
  if (other === undefined || one === 'any' || other === 'any') return true;
  const number = (type: string): string => (type === 'integer' ? 'number' : type);
  return number(one) === number(other);
}
