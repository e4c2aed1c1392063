/**
 * What can be wrong with a config file, in the two forms it takes on its way to the operator: a check knows only the
 * place in the data ({@link Finding}); the loader adds the place in the text ({@link ConfigProblem}).
 */

export type ConfigPath = readonly (string | number)[];

export interface Finding {
  readonly path: ConfigPath;
  /** Whether the key itself is wrong or what stands behind it: decides where the cursor points. */
  readonly at: 'key' | 'value';
  /** What is wrong: `unknown key`. */
  readonly message: string;
  /**
   * What to write instead: `did you mean "fallback"?`. Never empty. A function where finding it is a search: a file may
   * hold a hundred thousand faults, and the first few are told.
   */
  readonly remedy: string | (() => string);
}

export const remedyOf = ({ remedy }: Pick<Finding, 'remedy'>): string =>
  typeof remedy === 'string' ? remedy : remedy();

export interface ConfigProblem {
  /** Counted from 1, as editors do. */
  readonly line: number;
  readonly column: number;
  /** `routes[3] (leads.get).rollout.gateway`; `the file` where it belongs to no key. */
  readonly where: string;
  readonly message: string;
  readonly remedy: string;
}

/** More in one report is read by nobody, and a report goes to the log as one line. */
export const MAX_PROBLEMS = 20;

/** One line a problem, `file:line:column` first, so that terminals and editors make a link of it. */
export function formatProblems(file: string, problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ line, column, where, message, remedy }) => `${file}:${line}:${column}  ${where}: ${message}; ${remedy}`)
    .join('\n');
}
