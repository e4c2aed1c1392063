import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { parseText } from './document.ts';
import { formatProblems, parseConfig, type ParsedConfig } from './load.ts';
import { changedEntries, laidOver, type RolloutEntry, type RolloutKey, type RolloutSet } from './rollout.ts';
import type { FacadeConfig } from './schema.ts';
import type { TableSchema } from './table-schema.ts';
import { unifiedDiff } from './unified-diff.ts';
import type { Variables } from './variables.ts';

/**
 * A flip as an edit of the config file. The file belongs to people: their comments, their order, their spacing and
 * their quotes stay, byte by byte. So the parser only says where a value stands, and the new one is spliced into the
 * text; nothing is written out anew. What cannot be spliced for certain (a value shared by an anchor) is refused, and
 * the result is parsed again and must say exactly the old config with the change in it: a wrong splice cannot get out.
 */

export interface RolloutEdit {
  /** The route's id. */
  readonly route: string;
  readonly set: RolloutSet;
}

interface EditedConfig {
  readonly text: string;
  /** Unified; empty when the file says all of it already. */
  readonly diff: string;
}

/** The edit cannot be made, or its result would be refused by the loader. The message says what to do instead. */
export class EditRefused extends Error {}

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * Changes rollouts in the text of the config file, and nothing else. Keys that say what they should already are left
 * alone. Pure.
 * @param env what ${NAME} in the file stands for, as for {@link parseConfig}.
 * @param name of the file, for the diff and the errors.
 * @param schema as for {@link parseConfig}.
 * @throws EditRefused
 */
export function editRollout(
  text: string,
  edits: readonly RolloutEdit[],
  env: Variables,
  name = 'facade.yaml',
  schema?: TableSchema,
): EditedConfig {
  const parsed = (written: string, complaint: string) => accepted(parseConfig(written, env, schema), complaint, name);
  const before = parsed(text, `${name} has errors; mend them first`);
  const merged = mergeEdits(edits);
  const unknown = [...merged.keys()].filter((id) => !before.routes.some((route) => route.id === id));
  if (unknown.length > 0)
    throw new EditRefused(`${name} has no route ${unknown.join(', ')}; write the id of one of its routes`);
  const rows = rowsOf(text);
  const splices = before.routes.flatMap((route, i) => {
    const wanted = changedEntries(route.rollout, merged.get(route.id) ?? {});
    return wanted.length === 0 ? [] : spliceRollout(text, route.id, rows[i], wanted);
  });
  const after = applied(text, splices);
  const config = parsed(after, 'the loader would refuse the result');
  if (!isDeepStrictEqual(config, withEdits(before, merged))) {
    throw new EditRefused(`${name} is written in a way that cannot be edited safely; change the number by hand`);
  }
  return { text: after, diff: unifiedDiff(name, text, after, secretLines(text)) };
}

/** Lines, from 0, that hold the address or the secret of a hook, which are no less secret for standing near a route. */
function secretLines(text: string): (line: number) => boolean {
  const { document, lines } = parseText(text);
  const root: unknown = document.contents;
  const targets = isMap(root) ? root.get('notify', true) : undefined;
  const secret = new Set<number>();
  for (const target of isSeq(targets) ? targets.items : []) {
    for (const key of ['url', 'secret']) {
      const range = isMap(target) ? (target.get(key, true) as Node | undefined)?.range : undefined;
      if (!range) continue;
      const [first, last] = [lines.linePos(range[0]).line, lines.linePos(range[1]).line];
      for (let line = first; line <= last; line++) secret.add(line - 1);
    }
  }
  return (line) => secret.has(line);
}

function accepted(result: ParsedConfig, complaint: string, name: string): FacadeConfig {
  if (!result.ok) throw new EditRefused(`${complaint}:\n${formatProblems(name, result.problems)}`);
  return result.config;
}

/** Two edits of one route are one; of a key that both set the last wins. */
function mergeEdits(edits: readonly RolloutEdit[]): Map<string, RolloutSet> {
  const merged = new Map<string, RolloutSet>();
  for (const { route, set } of edits) merged.set(route, laidOver(merged.get(route) ?? {}, set));
  return merged;
}

function withEdits(config: FacadeConfig, edits: ReadonlyMap<string, RolloutSet>): FacadeConfig {
  const routes = config.routes.map((route) => {
    const set = edits.get(route.id);
    return set ? { ...route, rollout: laidOver(route.rollout, set) } : route;
  });
  return { ...config, routes };
}

/** The routes as nodes, in the order of the file. The text was parsed before, so what is not a list is an alias of one. */
function rowsOf(text: string): readonly unknown[] {
  const root: unknown = parseText(text).document.contents;
  const routes = isMap(root) ? root.get('routes', true) : undefined;
  return isSeq(routes) ? routes.items : [];
}

function spliceRollout(text: string, id: string, row: unknown, wanted: readonly RolloutEntry[]): Splice[] {
  const rollout = mapOf(rowPart(row), id);
  return wanted.map(([key, value]) => {
    const pair = rollout.items.find((item) => isScalar(item.key) && item.key.value === key);
    return pair ? replaced(scalarOf(pair.value, id, key), value) : added(text, rollout, id, key, value);
  });
}

const rowPart = (row: unknown): unknown => (isMap(row) && row.anchor === undefined ? row.get('rollout', true) : row);

/** Behind an anchor the same text serves several routes: to change it for one would change it for all. */
function refuseShared(node: unknown, place: string): void {
  const sharedBy = isAlias(node) ? `*${node.source}` : isNode(node) && 'anchor' in node ? node.anchor : undefined;
  if (sharedBy === undefined) return;
  throw new EditRefused(
    `${place} is shared by an anchor (${sharedBy}); write the value out in this route, then flip it`,
  );
}

type RolloutMap = YAMLMap & { readonly flow?: boolean };

function mapOf(node: unknown, id: string): RolloutMap {
  refuseShared(node, `the rollout of ${id}`);
  if (!isMap(node)) throw new EditRefused(`the rollout of ${id} is no plain map in the file; change it by hand`);
  return node;
}

function scalarOf(node: unknown, id: string, key: RolloutKey): Scalar {
  const place = `rollout.${key} of ${id}`;
  refuseShared(node, place);
  if (!isScalar(node) || isBlock(node))
    throw new EditRefused(`${place} is no plain value in the file; change it by hand`);
  return node;
}

/** Text behind `|` or `>` ends with its last line, so nothing can be put behind it. */
const isBlock = (node: unknown): boolean =>
  isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');

function replaced(scalar: Scalar, value: string | number): Splice {
  const [from, to] = rangeOf(scalar);
  return { from, to, text: written(value) };
}

/** Behind the last key: in braces on the same line, else on a line of its own below it. */
function added(text: string, { flow, items }: RolloutMap, id: string, key: RolloutKey, value: string | number): Splice {
  const pair = `${key}: ${written(value)}`;
  const last = items.at(-1);
  const [keyAt] = rangeOf(last?.key);
  const [, end] = rangeOf(last?.value);
  if (flow) return { from: end, to: end, text: `, ${pair}` };
  const indentation = text.slice(text.lastIndexOf('\n', keyAt - 1) + 1, keyAt);
  if (indentation.trim() !== '' || isBlock(last?.value)) {
    throw new EditRefused(`the rollout of ${id} is written in an unusual way; add "${pair}" to it by hand`);
  }
  const lineEnd = text.indexOf('\n', end);
  const at = lineEnd < 0 ? text.length : text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return { from: at, to: at, text: `${newline}${indentation}${pair}` };
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? (node as Node).range : undefined;
  if (!range) throw new EditRefused('the file is written in a way that cannot be edited safely; change it by hand');
  return [range[0], range[1]];
}

/** Plain where YAML reads it back as the same text, else in quotes. */
function written(value: string | number): string {
  if (typeof value === 'number') return String(value);
  return /^[A-Za-z_][\w-]*$/.test(value) && !/^(true|false|null)$/i.test(value) ? value : JSON.stringify(value);
}

function applied(text: string, splices: readonly Splice[]): string {
  let result = '';
  let at = 0;
  // Stable: keys that are added at one place stand in the order of ROLLOUT_KEYS.
  for (const { from, to, text: insert } of splices.toSorted((a, b) => a.from - b.from)) {
    result += text.slice(at, from) + insert;
    at = to;
  }
  return result + text.slice(at);
}
