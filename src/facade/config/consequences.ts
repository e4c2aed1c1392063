import { remedyOf, type ConfigPath, type Finding } from './problem.ts';

/**
 * One slip in the file is one finding. A misspelt key is unknown, and also leaves the key that was meant missing, and what
 * stands below it is judged by no rule that fits: only the first of these says what to mend.
 */

const keyOf = (path: ConfigPath): string => JSON.stringify(path);

export function withoutConsequences(findings: readonly Finding[]): readonly Finding[] {
  const unknown = findings.filter(({ at, message }) => at === 'key' && message === 'unknown key');
  if (unknown.length === 0) return findings;
  const unknownPaths = new Set(unknown.map(({ path }) => keyOf(path)));
  const missing = new Set(findings.filter(isMissing).map(({ path }) => keyOf(path.slice(0, -1))));
  // To find what was meant is a search: only where something is missing beside the unknown key.
  const meant = new Set(
    unknown
      .filter(({ path }) => missing.has(keyOf(path.slice(0, -1))))
      .flatMap((one) => {
        const [, name] = /^did you mean "([^"]*)"\?$/.exec(remedyOf(one)) ?? [];
        return name === undefined ? [] : [keyOf([...one.path.slice(0, -1), name])];
      }),
  );
  const isBelow = ({ path, at }: Finding): boolean =>
    path.some((_, length) => length > 0 && unknownPaths.has(keyOf(path.slice(0, length)))) ||
    (at === 'value' && unknownPaths.has(keyOf(path)));
  return findings.filter((one) => !isBelow(one) && !(isMissing(one) && meant.has(keyOf(one.path))));
}

const isMissing = ({ message }: Finding): boolean => message === 'is missing';
