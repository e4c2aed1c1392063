import type { BodyRule } from '../../../src/facade/config/schema.ts';
import type { Dialect, Endpoint, RouteModel } from '../../../src/facade/rollout/route.ts';
import { namesOnDirect, ROWS } from './rows.ts';
import { sortedByKey, treeOf, type Pair, type Tree } from './tree.ts';

/**
 * What a request means to Contact2Sale, in one spelling whichever dialect and path it came by, so that what arrived can be
 * compared with what was asked. Written apart from the conversions of the facade that it judges.
 */

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly body: Buffer;
}

/**
 * What the Python gateway puts into every request that leaves it out (docs/wire/gateway.md): known, and shown by the
 * comparison of answers. A caller in its own dialect has always got them; one who asks Contact2Sale gets them at the flip.
 */
const ADDED_BY_GATEWAY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'leads.list': { page: '1', perpage: '50' },
  'tags.create': { autofill: 'false' },
  'sellers.create': { active: 'true' },
};

/** Where a target leads by the table, on the side of a dialect. */
interface Place {
  readonly row: RouteModel;
  readonly endpoint: Endpoint;
  readonly ids: readonly string[];
}

export function placeOf({ method, target }: Pick<Asked, 'method' | 'target'>, dialect: Dialect): Place | undefined {
  const segments = pathOf(target).replace(/\/$/, '').split('/');
  const found = ROWS.flatMap((row) => row[dialect].map((endpoint) => ({ row, endpoint }))).filter(({ endpoint }) => {
    const own = endpoint.template.split('/');
    const isRead = method === 'HEAD' && endpoint.method === 'GET';
    if ((endpoint.method !== method && !isRead) || own.length !== segments.length) return false;
    return own.every((part, at) => (part.startsWith(':') ? segments[at] !== '' : part === segments[at]));
  });
  // A literal wins over a parameter.
  found.sort((a, b) => a.endpoint.template.split(':').length - b.endpoint.template.split(':').length);
  const [first] = found;
  if (!first) return undefined;
  const own = first.endpoint.template.split('/');
  return { ...first, ids: segments.filter((_, at) => own[at]?.startsWith(':')) };
}

const pathOf = (target: string): string => target.split('?', 1)[0] ?? '';
const queryOf = (target: string): string => target.slice(pathOf(target).length + 1);

/**
 * Whose words a request is in. At a path that both services have it is the gateway's where it is of the gateway's form, and
 * else Contact2Sale's (decision 4).
 */
export function dialectOf(asked: Asked, dialect: Dialect): Dialect {
  const [own, gateways] = [placeOf(asked, 'direct'), placeOf(asked, 'gateway')];
  if (!own || !gateways) return own ? 'direct' : gateways ? 'gateway' : dialect;
  // `/sellers/timeshift` is no seller of that id.
  if (own.row !== gateways.row) return own.ids.length < gateways.ids.length ? 'direct' : 'gateway';
  return isOfGatewayForm(asked, gateways.row) === true ? 'gateway' : 'direct';
}

/** An object with every field that the gateway requires. Undefined: nobody can tell, as it is no JSON that can be read. */
export function isOfGatewayForm(asked: Asked, { body }: RouteModel): boolean | undefined {
  const names = pairsIn(asked, 'utf-8')?.map(([name]) => name);
  if (!names || !body) return undefined;
  return Object.entries(body.fields).every(([name, { required }]) => !required || names.includes(name));
}

/** How a request is to be read. */
export interface Reading {
  readonly place: Place;
  /** By which names its fields go. */
  readonly words: Dialect;
  /** Contact2Sale reads by the charset that the type names; the gateway reads UTF-8, whatever is named. */
  readonly charset: Dialect;
  /** Is what the gateway adds added where it is left out? */
  readonly isPreset: boolean;
}

/** One spelling of a request. */
export function meaningOf(asked: Asked, reading: Reading): string {
  const { place, isPreset } = reading;
  const added = isPreset ? (ADDED_BY_GATEWAY[place.row.id] ?? {}) : {};
  return JSON.stringify([
    place.row.id,
    place.ids.map(decoded),
    queryMeaning(queryOf(asked.target), place.row.body ? {} : added),
    bodyMeaning(asked, reading, place.row.body ? added : {}),
  ]);
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    return `as written: ${raw}`;
  }
}

function queryMeaning(query: string, added: Readonly<Record<string, string>>): readonly unknown[] {
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split(/=(.*)/s).slice(0, 2).map(formDecoded));
  const missing = Object.entries(added).filter(([name]) => !pairs.some(([own]) => own === name));
  // The order counts among values of one name alone.
  return [...pairs, ...missing]
    .map((pair, at) => ({ pair, at }))
    .sort(byName)
    .map(({ pair }) => pair);
}

const byName = (a: { pair: string[]; at: number }, b: { pair: string[]; at: number }): number =>
  (a.pair[0] ?? '') < (b.pair[0] ?? '') ? -1 : (a.pair[0] ?? '') > (b.pair[0] ?? '') ? 1 : a.at - b.at;

const formDecoded = (text: string): string => decoded(text.replaceAll('+', ' '));

/** Bytes, and what says how to read them. */
export const opaque = ({ body, contentType, contentEncoding }: Asked): readonly unknown[] =>
  body.length === 0 ? [] : [body.toString('latin1'), contentType, contentEncoding];

function bodyMeaning(
  asked: Asked,
  { place: { row, ids }, words, charset }: Reading,
  added: Readonly<Record<string, string>>,
): unknown {
  // Nobody reads a body there, and nobody else has ever been asked.
  if (row.direct.length === 0 && !row.body) return [];
  const read = row.body && pairsIn(asked, charset === 'direct' ? namedCharset(asked) : 'utf-8');
  if (!read || !row.body) return opaque(asked);
  const { jsonApi, fields, echoes } = row.body;
  const inner = jsonApi && words === 'direct' ? attributesIn(read, jsonApi.type) : undefined;
  const names = namesOf(row.body, words, inner !== undefined);
  const pairs = (inner ?? read).flatMap(([key, value], _, all): Pair[] => {
    const name = names.get(key);
    const echoed = row.params.indexOf(echoes[key] ?? '');
    if (name === undefined) {
      return echoed >= 0 && textOf(value) === decoded(ids[echoed] ?? '') ? [] : [[`more: ${key}`, value]];
    }
    const isTwice = all.filter(([other]) => other === key).length > 1;
    // Null in an optional field asks the gateway for nothing.
    if (words === 'gateway' && !isTwice && isNull(value) && fields[name]?.required === false) return [];
    return [[name, value]];
  });
  const missing = Object.entries(added).filter(([name]) => !pairs.some(([own]) => own === name));
  return sortedByKey([...pairs, ...missing.map(([name, is]): Pair => [name, { kind: 'word', is }])]);
}

/** The names of a row's fields on the gateway, by those of a dialect. */
function namesOf({ fields, jsonApi }: BodyRule, words: Dialect, isInner: boolean): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, field] of Object.entries(fields)) {
    const attribute = isInner ? jsonApi?.names[name] : undefined;
    if (attribute !== undefined) names.set(attribute, name);
    else for (const own of words === 'direct' ? namesOnDirect(name, field) : [name]) names.set(own, name);
  }
  return names;
}

const textOf = (value: Tree): string | undefined =>
  value.kind === 'text' || value.kind === 'word' ? value.is : value.kind === 'number' ? wholeOf(value.is) : undefined;

/** `8e0` is 8. */
const wholeOf = (decimal: string): string => (decimal === '0' ? '0' : String(Number(decimal)));

const isNull = (value: Tree): boolean => value.kind === 'word' && value.is === 'null';

/** `{data: {type, attributes}}` and nothing else. */
function attributesIn(read: readonly Pair[], type: string): readonly Pair[] | undefined {
  const [[key, data] = [], ...more] = read;
  if (key !== 'data' || data?.kind !== 'map' || more.length > 0) return undefined;
  const [[first, attributes] = [], [second, own] = [], ...rest] = data.pairs;
  if (first !== 'attributes' || second !== 'type' || rest.length > 0) return undefined;
  return attributes?.kind === 'map' && own?.kind === 'text' && own.is === type ? attributes.pairs : undefined;
}

const namedCharset = ({ contentType = '' }: Asked): string =>
  /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8';

/** Undefined: no object, or none that can be read. */
function pairsIn({ body, contentEncoding = 'identity' }: Asked, charset: string): readonly Pair[] | undefined {
  if (contentEncoding !== 'identity') return undefined;
  try {
    const tree = treeOf(new TextDecoder(charset, { fatal: true }).decode(body));
    return tree?.kind === 'map' ? tree.pairs : undefined;
  } catch {
    return undefined;
  }
}
