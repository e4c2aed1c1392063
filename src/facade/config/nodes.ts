import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { MAX_DEPTH, TOO_DEEP } from './bounds.ts';
import type { ConfigPath } from './problem.ts';

/**
 * The nodes of a parsed document, in one walk: what the parser would take the square of the file for (keys written
 * twice, aliases), and what it does not bound at all. An anchor must stand before its alias, so a loop can only lead to
 * a node that the alias is inside of.
 */

interface NodeFault {
  readonly offset: number;
  readonly path: ConfigPath;
  readonly message: string;
  readonly remedy: string;
  /** The rest can still be judged. */
  readonly isHarmless: boolean;
}

/** The library looks through every anchor for every alias. */
const MAX_ALIASES = 1_000;

export class Nodes {
  readonly faults: NodeFault[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node>();
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  /** Those that the walk is inside of. */
  readonly #open = new Set<unknown>();
  readonly #path: (string | number)[] = [];

  constructor(document: Document.Parsed) {
    this.#walk(document.contents);
  }

  /** What an alias stands for; any other node is itself. */
  resolved(node: unknown): unknown {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  /** The pair of a map by its key as data; of a key that is written twice the first. */
  pair(map: YAMLMap, key: string): Pair | undefined {
    return this.#pairs.get(map)?.get(key);
  }

  #walk(node: unknown): void {
    if (!isNode(node)) return;
    if (isAlias(node)) return this.#follow(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (!isMap(node) && !isSeq(node)) return;
    if (this.#open.size >= MAX_DEPTH) return this.#fault(node, ...TOO_DEEP);
    this.#open.add(node);
    if (isMap(node)) this.#walkMap(node);
    else node.items.forEach((item, i) => this.#within(i, item));
    this.#open.delete(node);
  }

  #walkMap(map: YAMLMap): void {
    const pairs = new Map<string, Pair>();
    this.#pairs.set(map, pairs);
    for (const pair of map.items) {
      if (isNode(pair.key) && !isScalar(pair.key)) {
        this.#fault(pair.key, 'the key is a list, a map or an alias', 'write plain words as keys');
        continue;
      }
      const key = isScalar(pair.key) ? keyText(pair.key.value) : '';
      if (pairs.has(key)) this.#doubled(pair, key);
      else pairs.set(key, pair);
      this.#within(key, pair.value);
    }
  }

  #within(step: string | number, node: unknown): void {
    this.#path.push(step);
    this.#walk(node);
    this.#path.pop();
  }

  #doubled({ key }: Pair, name: string): void {
    this.#path.push(name);
    this.#fault(key, 'the key is written twice', 'keep one of the two', true);
    this.#path.pop();
  }

  #follow(alias: Alias): void {
    const { source } = alias;
    const target = this.#anchors.get(source);
    if (target && !this.#open.has(target)) {
      this.#targets.set(alias, target);
      if (this.#targets.size === MAX_ALIASES + 1) {
        this.#fault(alias, `there are more than ${MAX_ALIASES} aliases (*name)`, 'write the values out');
      }
      return;
    }
    const message = target ? `*${source} contains itself` : `*${source} names no anchor above`;
    this.#fault(alias, message, 'write the value out');
  }

  #fault(node: unknown, message: string, remedy: string, isHarmless = false): void {
    const offset = startOf(node) ?? 0;
    this.faults.push({ offset, path: [...this.#path], message, remedy, isHarmless });
  }
}

export const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** As the parser makes it a key of an object. */
const keyText = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'object' ? '' : JSON.stringify(value);
