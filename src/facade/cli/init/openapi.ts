import { isJsonMediaType } from '../../../http/media.ts';
import type { ConfigPath, ConfigProblem } from '../../config/problem.ts';
import { Schemas, type Field, type JsonType } from './json-schema.ts';
import { isObject, memberOf, Source, type JsonMap, type LocatedNode } from './source.ts';

/**
 * An OpenAPI document (3.0, 3.1, or Swagger 2.0; YAML or JSON) as a list of operations. Pure: the caller reads the file.
 * Everything wrong with the document is told at once.
 */

export interface ApiOperation {
  /** In capital letters. */
  readonly method: string;
  /** With the path of the server before it: `/api/v1/leads/{id}`. */
  readonly path: string;
  readonly operationId: string | undefined;
  readonly summary: string | undefined;
  /** Path parameters by name. */
  readonly parameters: ReadonlyMap<string, Field>;
  readonly query: ReadonlyMap<string, Field>;
  /** Names of the headers that a request must carry. */
  readonly requiredHeaders: readonly string[];
  readonly body: OperationBody | undefined;
  readonly success: Success | undefined;
}

/** A body that the document describes. */
export interface OperationBody {
  /** Undefined: the body is not JSON, or no object. */
  readonly fields: ReadonlyMap<string, Field> | undefined;
  readonly mediaTypes: readonly string[];
  readonly type: JsonType | undefined;
}

/** The answer of the lowest 2xx status. */
interface Success {
  readonly status: number;
  /** Undefined: the document does not say. */
  readonly outline: ReadonlyMap<string, string> | undefined;
}

export interface Api {
  readonly operations: readonly ApiOperation[];
  /** Base URL of the first server, where it has a host. */
  readonly server: string | undefined;
  /** Paths of further servers that differ from the first one's. */
  readonly otherBasePaths: readonly string[];
  /** Operations whose method a rollout table cannot hold (TRACE). */
  readonly leftOut: readonly string[];
}

type ReadApi =
  { readonly ok: true; readonly api: Api } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** An operator does not move more routes than this by hand. */
const MAX_OPERATIONS = 10_000;
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

/** @param text of the document. */
export function readApi(text: string): ReadApi {
  const source = new Source(text);
  const { root, problems } = source;
  if (problems.length > 0) return { ok: false, problems };
  if (!isObject(root) || !isKnownVersion(source, root)) return { ok: false, problems: notOpenApi(source) };
  const paths = memberOf(root, 'paths');
  if (!isObject(paths) || Object.keys(paths).length === 0) {
    source.refuse(['paths'], 'the document has no paths', 'name the document that describes the operations');
    return { ok: false, problems };
  }
  const api = new OpenApiReader(source, root).read(paths);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, api };
}

function notOpenApi(source: Source): readonly ConfigProblem[] {
  if (source.problems.length === 0)
    source.refuse([], 'this is no OpenAPI document', 'name a document of OpenAPI 3.0, OpenAPI 3.1 or Swagger 2.0');
  return source.problems;
}

/** `openapi: 3.0` without quotes is the number 3. */
function isKnownVersion(source: Source, root: JsonMap): boolean {
  const key = memberOf(root, 'openapi') === undefined ? 'swagger' : 'openapi';
  const written = memberOf(root, key);
  if (typeof written !== 'string' && typeof written !== 'number') return false;
  const known = key === 'swagger' ? /^2(\.0)?$/ : /^3(\.[01](\.\d+)?)?$/;
  if (known.test(String(written))) return true;
  source.refuse([key], `version ${String(written)} is not read here`, 'convert it to OpenAPI 3.0 or 3.1');
  return false;
}

class OpenApiReader {
  readonly #source: Source;
  readonly #root: JsonMap;
  readonly #schemas: Schemas;
  readonly #isSwagger: boolean;
  readonly #operations: ApiOperation[] = [];
  readonly #leftOut: string[] = [];

  constructor(source: Source, root: JsonMap) {
    this.#source = source;
    this.#root = root;
    this.#schemas = new Schemas(source);
    this.#isSwagger = memberOf(root, 'openapi') === undefined;
  }

  read(paths: JsonMap): Api {
    const servers = this.#isSwagger ? [swaggerServer(this.#root)] : serversOf(this.#root);
    const [first = { host: undefined, basePath: '' }, ...others] = servers;
    for (const [path, value] of Object.entries(paths)) {
      if (path.startsWith('x-')) continue;
      const at = ['paths', path];
      if (!path.startsWith('/')) this.#source.refuse(at, 'a path begins with /', `write /${path}`);
      const item = this.#source.follow(value, at);
      if (!isObject(value)) this.#source.refuse(at, 'this is no path item', 'write an object with get, post, …');
      if (item) this.#readItem(path, item, first.basePath);
      if (this.#operations.length <= MAX_OPERATIONS) continue;
      const message = `the document has more than ${MAX_OPERATIONS} operations`;
      this.#source.refuse(['paths'], message, 'leave out those that will not move');
      break;
    }
    if (this.#operations.length === 0 && this.#source.problems.length === 0)
      this.#source.refuse(['paths'], 'no path has an operation', 'name the document that describes the operations');
    return {
      operations: this.#operations,
      server: first.host === undefined ? undefined : first.host + first.basePath,
      otherBasePaths: [...new Set(others.map(({ basePath }) => basePath))].filter((path) => path !== first.basePath),
      leftOut: this.#leftOut,
    };
  }

  #readItem(path: string, item: LocatedNode, basePath: string): void {
    const { node, path: at } = item;
    const own = serversOf(node)[0]?.basePath;
    if (isObject(memberOf(node, 'trace'))) this.#leftOut.push(`TRACE ${path}`);
    for (const method of METHODS) {
      const operation = memberOf(node, method);
      if (!isObject(operation)) continue;
      const base = serversOf(operation)[0]?.basePath ?? own ?? basePath;
      const full = `${base}${path}`;
      this.#operations.push(this.#operation(method, full, { node: operation, path: [...at, method] }, item));
    }
  }

  #operation(method: string, path: string, operation: LocatedNode, item: LocatedNode): ApiOperation {
    const { node, path: at } = operation;
    const parameters = [...this.#parameters(item), ...this.#parameters(operation)];
    const text = (name: string): string | undefined => {
      const value = memberOf(node, name);
      return typeof value === 'string' && value !== '' ? value : undefined;
    };
    const required = parameters.filter((one) => one.place === 'header' && one.field.required);
    return {
      method: method.toUpperCase(),
      path,
      operationId: text('operationId'),
      summary: text('summary'),
      parameters: byName(parameters, 'path'),
      query: byName(parameters, 'query'),
      requiredHeaders: required.map(({ name }) => name).filter((name) => !STANDARD_HEADERS.has(name.toLowerCase())),
      body: this.#isSwagger ? this.#swaggerBody(node, parameters) : this.#body(memberOf(node, 'requestBody'), at),
      success: this.#success(memberOf(node, 'responses'), [...at, 'responses']),
    };
  }

  #parameters({ node, path }: LocatedNode): ApiParameter[] {
    const list = memberOf(node, 'parameters');
    return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((one, i) => {
      const found = this.#source.follow(one, [...path, 'parameters', i]);
      const [name, place] = found ? [memberOf(found.node, 'name'), memberOf(found.node, 'in')] : [];
      if (!found || typeof name !== 'string' || typeof place !== 'string') return [];
      const { node: parameter, path: at } = found;
      // Swagger 2.0 writes the type into the parameter itself.
      const schema = memberOf(parameter, 'schema') ?? (this.#isSwagger ? parameter : undefined);
      const field = this.#schemas.field(schema, [...at, 'schema'], memberOf(parameter, 'required') === true);
      return [{ name, place, field, schema, at: [...at, 'schema'] }];
    });
  }

  #body(written: unknown, path: ConfigPath): OperationBody | undefined {
    const body = this.#source.follow(written, [...path, 'requestBody']);
    if (!body) return undefined;
    const content = memberOf(body.node, 'content');
    if (!isObject(content)) return { fields: undefined, mediaTypes: [], type: undefined };
    const mediaTypes = Object.keys(content);
    const json = mediaTypes.find((type) => isJsonMediaType(type)) ?? mediaTypes.find((type) => type === '*/*');
    const media = json === undefined ? undefined : memberOf(content, json);
    if (json === undefined || !isObject(media)) return { fields: undefined, mediaTypes, type: undefined };
    const at = [...body.path, 'content', json, 'schema'];
    return this.#jsonBody(memberOf(media, 'schema'), at, mediaTypes);
  }

  #swaggerBody(operation: JsonMap, parameters: readonly ApiParameter[]): OperationBody | undefined {
    const consumes = memberOf(operation, 'consumes') ?? memberOf(this.#root, 'consumes');
    const named = Array.isArray(consumes) ? consumes.filter((type) => typeof type === 'string') : [];
    const mediaTypes = named.length > 0 ? named : ['application/json'];
    const body = parameters.find(({ place }) => place === 'body');
    if (parameters.some(({ place }) => place === 'formData'))
      return { fields: undefined, mediaTypes: ['multipart/form-data'], type: undefined };
    if (!body) return undefined;
    if (!mediaTypes.some((type) => isJsonMediaType(type))) return { fields: undefined, mediaTypes, type: undefined };
    return this.#jsonBody(body.schema, body.at, mediaTypes);
  }

  #jsonBody(schema: unknown, at: ConfigPath, mediaTypes: readonly string[]): OperationBody {
    const type = this.#schemas.type(schema, at);
    if (type !== 'object') return { fields: undefined, mediaTypes, type };
    const { properties, required } = this.#schemas.members(schema, at);
    const written = [...properties].filter(([, { node }]) => memberOf(node, 'readOnly') !== true);
    const fields = written.map(
      ([name, { node, path }]) => [name, this.#schemas.field(node, path, required.has(name))] as const,
    );
    return { fields: new Map(fields), mediaTypes, type };
  }

  #success(responses: unknown, path: ConfigPath): Success | undefined {
    if (!isObject(responses)) return undefined;
    const status = Object.keys(responses)
      .filter((key) => /^2\d\d$/.test(key))
      .sort()[0];
    if (status === undefined) return undefined;
    const answer = this.#source.follow(memberOf(responses, status), [...path, status]);
    return { status: Number(status), outline: answer && this.#outline(answer) };
  }

  #outline({ node, path }: LocatedNode): Success['outline'] {
    const content = memberOf(node, 'content');
    const json = isObject(content) ? Object.keys(content).find((type) => isJsonMediaType(type)) : undefined;
    const media = isObject(content) && json !== undefined ? memberOf(content, json) : undefined;
    const schema = memberOf(isObject(media) ? media : node, 'schema');
    if (schema === undefined) return undefined;
    const at = isObject(media) ? [...path, 'content', json ?? '', 'schema'] : [...path, 'schema'];
    return this.#schemas.outline(schema, at);
  }
}

/** What every caller sends, and the facade carries: no difference between two APIs. */
const STANDARD_HEADERS: ReadonlySet<string> = new Set(['accept', 'authorization', 'content-type']);

interface ApiParameter {
  readonly name: string;
  readonly place: string;
  readonly field: Field;
  readonly schema: unknown;
  readonly at: ConfigPath;
}

/** An operation's own parameter stands behind the one of its path item, and replaces it. */
const byName = (parameters: readonly ApiParameter[], place: string): ReadonlyMap<string, Field> =>
  new Map(parameters.filter((one) => one.place === place).map(({ name, field }) => [name, field]));

interface ApiServer {
  /** `https://api.example.com`; undefined for a server that is only a path. */
  readonly host: string | undefined;
  /** Without a slash at the end; empty for none. */
  readonly basePath: string;
}

function serversOf(node: JsonMap): ApiServer[] {
  const servers = memberOf(node, 'servers');
  return (Array.isArray(servers) ? (servers as unknown[]) : []).flatMap((server) => {
    const url = isObject(server) ? memberOf(server, 'url') : undefined;
    if (!isObject(server) || typeof url !== 'string') return [];
    const variables = memberOf(server, 'variables');
    const filled = url.replace(/\{([^{}]{1,100})\}/g, (whole, name: string) => {
      const variable = isObject(variables) ? memberOf(variables, name) : undefined;
      const value = isObject(variable) ? memberOf(variable, 'default') : undefined;
      return typeof value === 'string' || typeof value === 'number' ? String(value) : whole;
    });
    return [serverOf(filled)];
  });
}

function serverOf(text: string): ApiServer {
  const url = URL.parse(text, 'relative://document');
  if (!url) return { host: undefined, basePath: '' };
  const isAbsolute = url.protocol === 'https:' || url.protocol === 'http:';
  return { host: isAbsolute ? url.origin : undefined, basePath: withoutLastSlash(url.pathname) };
}

function swaggerServer(root: JsonMap): ApiServer {
  const [host, basePath, schemes] = ['host', 'basePath', 'schemes'].map((name) => memberOf(root, name));
  const scheme = Array.isArray(schemes) && typeof schemes[0] === 'string' ? schemes[0] : 'https';
  const path = `/${(typeof basePath === 'string' ? basePath : '').replace(/^\/+/, '')}`;
  return serverOf(typeof host === 'string' ? `${scheme}://${host}${path}` : path);
}

function withoutLastSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}
