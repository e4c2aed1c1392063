import type { DifferenceGroup } from './groups.ts';

/**
 * The `compare` block of a route that names what differs by itself, ready to paste: each line with the evidence of direct
 * compared with itself. What the evidence calls noise counts as a match as it is; a rule makes it so at once, also after the
 * evidence was forgotten. Undefined where nothing can be named: heads have no JSONPath, and neither has a member whose name is
 * hidden (`{key}`).
 *
 * A rule is blind to all that is at its place and beneath it. So none is proposed where something is held against the
 * gateway there, nor for a list or an object, of which nobody knows yet what the gateway will do to its parts, nor for what
 * differs seldom: a description that a person edited between two answers is data, and the gateway must bring it.
 */
export function proposedRules(groups: readonly DifferenceGroup[]): string | undefined {
  const noise = groups.filter(
    (group) => group.standing === 'noise' && /^\/(?!.*\{key\})/.test(group.path) && isUsual(group),
  );
  const held = groups.filter(({ standing }) => standing !== 'noise');
  const hides = ({ path }: DifferenceGroup) => held.some((group) => `${group.path}/`.startsWith(`${path}/`));
  const ignored = noise.filter((group) => IGNORED.has(group.kind) && !isOfWhole(group) && !hides(group));
  const paths = new Set(ignored.map(({ path }) => path));
  const unordered = noise.filter(({ kind, path }) => kind === 'order' && !paths.has(path));
  const lines = [
    ...section('ignore', ignored, (path) => path),
    ...section('unordered', unordered, (path) => `{ path: ${path} }`),
  ];
  return lines.length === 0 ? undefined : ['compare:', ...lines].join('\n');
}

const IGNORED: ReadonlySet<string> = new Set(['type', 'value', 'missing', 'extra', 'hash']);

/** Part of the comparisons of direct with itself from which on a difference is how the place is, and no edit: a time by the minute differs in few. */
const MIN_SHARE = 0.1;
const isUsual = ({ noise }: DifferenceGroup): boolean => noise.count >= noise.of * MIN_SHARE;

/** Shapes of what has parts. */
const WHOLES: ReadonlySet<string> = new Set(['object', 'list', 'empty object', 'empty list']);
const isOfWhole = ({ from, to }: DifferenceGroup): boolean => WHOLES.has(from) || WHOLES.has(to);

/** One line a path, with the most frequent of its differences. */
function section(
  name: string,
  groups: readonly DifferenceGroup[],
  item: (jsonPath: string) => string,
): readonly string[] {
  const byPath = new Map<string, DifferenceGroup>();
  for (const group of groups) {
    const known = byPath.get(group.path);
    if (!known || known.noise.count < group.noise.count) byPath.set(group.path, group);
  }
  const lines = Array.from(byPath.values(), ({ path, kind, from, to, noise }) => {
    const evidence = `${kind} ${from}→${to}: ${noise.count} of ${noise.of} comparisons of direct with itself`;
    return `    - ${item(JSON.stringify(jsonPathOf(path)))} # ${evidence}`;
  });
  return lines.length === 0 ? [] : [`  ${name}:`, ...lines];
}

/** A JSON pointer in which a star is any item, as a JSONPath (RFC 9535). */
function jsonPathOf(pointer: string): string {
  const parts = pointer.slice(1).split('/');
  const steps = parts.map((part) => (part === '*' ? '[*]' : /^[A-Za-z_]\w*$/.test(part) ? `.${part}` : `['${part}']`));
  return `$${steps.join('')}`;
}
