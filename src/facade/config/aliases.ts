import { type Document, type Node, visit } from 'yaml';

export interface BrokenAlias {
  readonly offset: number;
  readonly message: string;
}

/**
 * The aliases (`*name`) that cannot be followed. An anchor must stand before its alias, so a loop can only lead to a node that the alias is inside of. One walk with
 * the anchors seen so far: the library's own `resolve` walks the document again for every alias.
 */
export function brokenAliases(document: Document.Parsed): BrokenAlias[] {
  const anchors = new Map<string, Node>();
  const broken: BrokenAlias[] = [];
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias(_, { source, range }, ancestors) {
      const target = anchors.get(source);
      if (target && !ancestors.includes(target)) return;
      const message = target ? `*${source} contains itself` : `*${source} names no anchor above`;
      broken.push({ offset: range?.[0] ?? 0, message });
    },
  });
  return broken;
}
