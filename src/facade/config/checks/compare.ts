import parseJsonPath from 'jsonpath-rfc9535/parser';
import { nearest } from '../nearest.ts';
import type { ConfigPath, Finding } from '../problem.ts';
import { finding, isRefusedRoute, type Draft } from './draft.ts';

/** Rules on the comparison: every JSONPath can be read, every tolerance means something, the ledger names routes. */

type JsonPathPlace = readonly [path: ConfigPath, jsonPath: string];

/** Every JSONPath that was written, with its place. */
function jsonPathsOf({ rows, compare }: Draft): JsonPathPlace[] {
  const common = (compare?.ignore ?? []).map((text, i): JsonPathPlace => [['compare', 'ignore', i], text]);
  const own = rows.flatMap(({ index, route }) => {
    const at = (...rest: (string | number)[]): ConfigPath => ['routes', index, ...rest];
    const { ignore = [], tolerate = [], unordered = [] } = route.compare ?? {};
    return [
      ...ignore.map((text, i): JsonPathPlace => [at('compare', 'ignore', i), text]),
      ...tolerate.map(({ path }, i): JsonPathPlace => [at('compare', 'tolerate', i, 'path'), path]),
      ...unordered.map(({ path }, i): JsonPathPlace => [at('compare', 'unordered', i, 'path'), path]),
      ...Object.entries(route.verify?.fields ?? {}).map(([name, text]): JsonPathPlace => [
        at('verify', 'fields', name),
        text,
      ]),
    ];
  });
  return [...common, ...own];
}

export function jsonPathsAreSound(draft: Draft): Finding[] {
  return jsonPathsOf(draft).flatMap(([path, text]) =>
    isJsonPath(text)
      ? []
      : [finding(path, 'is no JSONPath (RFC 9535)', 'write one such as $.data[*].attributes.updated_at')],
  );
}

function isJsonPath(text: string): boolean {
  try {
    parseJsonPath(text);
    return true;
  } catch {
    return false;
  }
}

export function tolerancesTolerateSomething({ rows }: Draft): Finding[] {
  return rows.flatMap(({ index, route }) =>
    (route.compare?.tolerate ?? []).flatMap(({ number, time }, i) =>
      number === undefined && time === undefined
        ? [finding(['routes', index, 'compare', 'tolerate', i], 'tolerates nothing', 'write number:, time: or both')]
        : [],
    ),
  );
}

export function knownDifferencesNameRoutes(draft: Draft): Finding[] {
  const { rows, knownDifferences } = draft;
  const ids = new Set(rows.map(({ route }) => route.id));
  return knownDifferences.flatMap(({ index, entry }) => {
    if (ids.has(entry.route) || isRefusedRoute(draft, entry.route)) return [];
    const remedy = (): string => {
      const meant = nearest(entry.route, [...ids]);
      return meant === undefined ? 'write the id of a route, or remove the entry' : `did you mean "${meant}"?`;
    };
    return [finding(['knownDifferences', index, 'route'], `"${entry.route}" is the id of no route`, remedy)];
  });
}
