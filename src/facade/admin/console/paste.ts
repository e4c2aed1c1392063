import type { DifferenceGroupJson } from './model.ts';

/** The blocks of the rollout table that accept one difference, ready to paste. */

/** Days until a known difference is a mismatch again. */
const KNOWN_DAYS = 30;

/** @param now for the day on which the entry expires */
export function rulesFor(route: string, group: DifferenceGroupJson, now = new Date()): string {
  const { path, kind } = group;
  const expires = new Date(now.getTime() + KNOWN_DAYS * 86_400_000).toISOString().slice(0, 10);
  const entry = `{ route: ${route}, path: ${JSON.stringify(path)}, kind: ${kind}, why: …, owner: …, expires: ${expires} }`;
  const known = `# somebody is going to repair it: at the top level of the table\nknownDifferences:\n  - ${entry}`;
  // Heads have no JSONPath, and neither has a member whose name is hidden.
  if (!/^\/(?!.*\{key\})/.test(path)) return known;
  return `# it means nothing: in the entry of ${route}\ncompare:\n  ignore:\n    - ${JSON.stringify(jsonPathOf(path))}\n\n${known}`;
}

/** A JSON pointer in which a star is any item, as a JSONPath (RFC 9535). */
export function jsonPathOf(pointer: string): string {
  const parts = pointer.slice(1).split('/');
  const steps = parts.map((part) => {
    if (part === '*') return '[*]';
    return /^[A-Za-z_]\w*$/.test(part) ? `.${part}` : `['${part.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
  });
  return `$${steps.join('')}`;
}
