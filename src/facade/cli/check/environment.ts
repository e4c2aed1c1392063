import { readTextIfAny } from '../../../http/read-file.ts';
import { environmentWarnings as warningsOf, readEnvironment, variableNames } from '../../config/environment.ts';
import { sandboxFaults } from '../../config/variable-names.ts';
import { tableFile } from '../config-file.ts';
import type { ProductContext } from '../context.ts';

/** What is wrong with the environment, each with where the variable was set. */
export interface EnvironmentProblem {
  readonly variable: string;
  /** `.env:3`, or `environment`. */
  readonly where: string;
  readonly message: string;
}

/** Of .env and environment together; the environment wins over the file. */
export function environmentProblems(
  {
    pair,
    extension,
    start,
    variables,
    io: { env: own },
  }: Pick<ProductContext, 'pair' | 'extension' | 'start' | 'variables' | 'io'>,
  envFile: string,
): EnvironmentProblem[] {
  const read = readEnvironment(variables, pair.variables, extension?.variables);
  const faults = start?.sandbox
    ? sandboxFaults(variables, variableNames(pair.variables, extension?.variables), pair.variables)
    : [];
  return placed([...(read.ok ? [] : read.problems), ...faults], own, envFile);
}

/** What is understood and should be written otherwise. */
export function environmentWarnings(context: ProductContext, envFile: string): EnvironmentProblem[] {
  const { pair, extension, variables, io } = context;
  const table = readTextIfAny(tableFile(context));
  return placed(warningsOf(variables, pair.variables, extension?.variables, table), io.env, envFile);
}

function placed(told: readonly string[], own: ProductContext['io']['env'], envFile: string): EnvironmentProblem[] {
  const lines = linesOf(envFile);
  return told.map((problem) => {
    const [variable = '', ...rest] = problem.split(': ');
    const line = own[variable] === undefined ? lines.get(variable) : undefined;
    return { variable, where: line === undefined ? 'environment' : `${envFile}:${line}`, message: rest.join(': ') };
  });
}

/** The last line that sets each variable: that one counts. */
function linesOf(envFile: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  readTextIfAny(envFile)
    .split('\n')
    .forEach((line, i) => {
      const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
      if (name !== undefined) found.set(name, i + 1);
    });
  return found;
}
