import type { PairVariables } from '../../config/variables.ts';
import type { Api } from './openapi.ts';
import type { RouteDraft, RouteDrafts } from './routes.ts';
import { rolloutText } from '../../config/rollout.ts';
import { oneLine } from './text.ts';
import type { WrittenBody } from './translate.ts';

/**
 * The rollout table as text. Every name of a document is written so that it is read back as the same string, and every
 * remark is one line behind a #. Pure.
 */

interface TableSource {
  /** How the document is named in the head of the table. */
  readonly file: string;
  readonly api: Api;
  /** Segments that were set aside when paths were compared. */
  readonly prefix: readonly string[];
}

interface TableOptions {
  readonly variables: PairVariables;
  readonly direct: TableSource;
  readonly gateway: TableSource;
  /** What of the gateway's paths stands in its URL. */
  readonly gatewayBase: string;
}

/** How a remark for a human begins; documented, so that it can be searched for. */
const LOOK = '# look: ';
const MAX_LINE = 110;
const MAX_REMARK = 600;

/** @returns the whole file. */
export function writeTable({ routes, gatewayOnly, refused }: RouteDrafts, options: TableOptions): string {
  return [
    ...head(options),
    'routes:',
    ...linesOf(routes),
    ...commented(gatewayOnly),
    ...leftOut(refused, options),
    '',
  ].join('\n');
}

/** How many remarks are in a table. */
export const remarksIn = (text: string): number => text.split(LOOK).length - 1;

/** What a table says of its two sides. @param gatewayBase path behind the gateway's URL. */
export function upstreamLines({ direct, gateway }: PairVariables, gatewayBase = ''): string[] {
  return [
    'upstreams:',
    '  direct:',
    `    url: \${${direct.url}}`,
    '    # What the API grants; requests then wait their turn: rateBudget: { requests: 100, period: 1m }',
    '  gateway:',
    `    url: \${${gateway.url}}${gatewayBase} # unset: every route is direct, whatever this table says`,
    '    maxInflight: 64',
  ];
}

export const SCHEMA_LINE = '# yaml-language-server: $schema=./facade.schema.json';

function head({ variables, direct, gateway, gatewayBase }: TableOptions): string[] {
  const side = (name: string, { file, api, prefix }: TableSource): string[] => [
    `#   ${name}: ${oneLine(file)}${api.server === undefined ? '' : `, served at ${oneLine(api.server)}`}` +
      (prefix.length === 0 ? '' : `; /${oneLine(prefix.join('/'))} was set aside when paths were compared`),
  ];
  const moved = `${gatewayBase} of the gateway's paths stands in its URL: a route cannot hold the same method and path twice.`;
  const places = [...new Set([...direct.api.otherBasePaths, ...gateway.api.otherBasePaths])];
  return [
    SCHEMA_LINE,
    '#',
    '# The first rollout table, made by "init" from two OpenAPI documents:',
    ...side('direct', direct),
    ...side('gateway', gateway),
    '# Every route is at 0: all requests take the direct path. Lines with "look:" are for you: what the documents leave',
    '# open. Delete a line when you have looked.',
    '',
    ...(gatewayBase === '' ? [] : look(moved)),
    ...(places.length === 0 ? [] : look(`the documents name servers with other paths as well: ${places.join(', ')}`)),
    ...upstreamLines(variables, gatewayBase),
    '',
  ];
}

function linesOf(routes: readonly RouteDraft[]): string[] {
  return routes.flatMap((route, i) => {
    const isFirst = routes[i - 1]?.section !== route.section;
    const above = [...(i === 0 ? [] : ['']), ...(isFirst ? section(route.section) : [])];
    return [...above, ...routeLines(route).map((line) => `  ${line}`)];
  });
}

function section(name: string): string[] {
  return [`  # --- ${oneLine(name, 60)} ${'-'.repeat(Math.max(3, 90 - name.length))}`];
}

/** Operations of the gateway alone: a route at 0 would refuse what passes through today, so each is left to a human. */
function commented(routes: readonly RouteDraft[]): string[] {
  if (routes.length === 0) return [];
  return [
    '',
    '  # --- only the gateway has these '.padEnd(100, '-'),
    '  # Without a direct path a route serves nothing at 0 and everything at 100. To offer one, take its "# " away and',
    '  # write gateway: 100.',
    ...routes.flatMap((route) => [
      '',
      ...routeLines(route).map((line) => `  ${line.startsWith('#') ? line : `# ${line}`}`),
    ]),
  ];
}

function leftOut(refused: readonly string[], { direct, gateway }: TableOptions): string[] {
  const traces = [...direct.api.leftOut, ...gateway.api.leftOut].map((name) => `no route can hold ${name}`);
  const all = [...refused, ...traces];
  return all.length === 0 ? [] : ['', ...all.flatMap(look).map((line) => `  ${line}`)];
}

function routeLines(route: RouteDraft): string[] {
  const { id, summary, directEndpoint, gatewayEndpoint, stickyBy, translation, remarks } = route;
  const isPair = directEndpoint !== undefined && gatewayEndpoint !== undefined;
  const fallback = directEndpoint === undefined ? 'none' : 'direct';
  const success = translation?.success;
  const fields = [
    `id: ${scalar(id)}`,
    ...(directEndpoint === undefined ? [] : [`direct: ${directEndpoint}`]),
    ...(gatewayEndpoint === undefined ? [] : [`gateway: ${gatewayEndpoint}`]),
    `rollout: ${rolloutText({ gateway: 0, shadow: 0, stickyBy: scalar(stickyBy), fallback })}`,
    ...(success && isPair ? [`success: { direct: ${success.direct}, gateway: ${success.gateway} }`] : []),
    ...queryLines(translation?.query ?? []),
    ...(translation?.body ? bodyLines(translation.body) : []),
  ];
  const comment = summary === undefined ? [] : wrapped('# ', oneLine(summary, MAX_LINE));
  return [...comment, ...remarks.flatMap(look), ...fields.map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`))];
}

function queryLines(query: readonly (readonly [string, object])[]): string[] {
  if (query.length === 0) return [];
  return ['query:', ...query.map(([name, parameter]) => `  ${scalar(name)}: ${flowMap(parameter)}`)];
}

function bodyLines({ fields, echoes }: WrittenBody): string[] {
  return [
    'body:',
    '  fields:',
    ...fields.map(([name, field]) => `    ${scalar(name)}: ${flowMap(field)}`),
    ...(echoes.length === 0 ? [] : [`  echoes: ${flowMap(Object.fromEntries(echoes))}`]),
  ];
}

/** One remark: a line, and where it is long further lines behind it. */
const look = (remark: string): string[] => wrapped(LOOK, oneLine(remark, MAX_REMARK));

function wrapped(begin: string, text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= MAX_LINE) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((text, i) => `${i === 0 ? begin : `#${' '.repeat(begin.length - 1)}`}${text}`);
}

function flowMap(map: object): string {
  const members = Object.entries(map).map(([name, value]) => `${scalar(name)}: ${valueText(value)}`);
  return `{ ${members.join(', ')} }`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  return typeof value === 'string' ? scalar(value) : String(value);
}

/** Words that YAML, or a reader of an older one, takes for something else. */
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A string as YAML reads it back: plain where nothing can be mistaken, else as JSON writes it, which YAML reads too. */
export function scalar(text: string): string {
  if (/^[A-Za-z_][\w.-]{0,100}$/.test(text) && !WORDS.test(text)) return text;
  // JSON leaves some characters as they are that a YAML reader may not take, or takes for the end of a line.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
