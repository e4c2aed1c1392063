import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** The source as data: what must hold for every line of it is looked for in its syntax, not in its text. */

export interface Found {
  /** `src/facade/forward/target.ts:20` */
  readonly at: string;
  readonly node: ts.Node;
  readonly text: string;
}

/** Every node that `isMeant` of the files that the patterns name. */
export function nodesOf(patterns: readonly string[], isMeant: (node: ts.Node) => boolean): Found[] {
  return globSync([...patterns])
    .toSorted()
    .flatMap((file) => {
      const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
      const found: Found[] = [];
      const look = (node: ts.Node): void => {
        if (isMeant(node)) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
          found.push({ at: `${file}:${line + 1}`, node, text: node.getText(source) });
        }
        ts.forEachChild(node, look);
      };
      look(source);
      return found;
    });
}
