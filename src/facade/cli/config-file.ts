import { readEnvironment, type Environment } from '../config/environment.ts';
import { formatProblems, parseConfig, revisionOf, type ParsedConfig } from '../config/load.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { Variables } from '../config/variables.ts';
import { codeOf } from '../../http/error-code.ts';
import { readTextSync } from '../../http/read-file.ts';
import type { Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/** The config file as the facade would read it, for the commands that work on the file alone. */

export interface ConfigFile {
  readonly file: string;
  readonly text: string;
  readonly revision: string;
  readonly parsed: ParsedConfig;
  /** What ${NAME} in it stands for. */
  readonly variables: Variables;
  /** The direct side has no address: the facade would run on its sandbox, whose addresses are not known here. */
  readonly isSandbox: boolean;
}

/** Stand for the upstreams that `npm start` brings along by itself. */
const SANDBOX = { direct: 'http://sandbox.invalid', gateway: 'http://gateway.sandbox.invalid' };

/** @throws CliError when the file cannot be read; what is wrong inside it stands in `parsed`. */
export function readConfigFile({ configFile: file, variables: given, pair }: Context): ConfigFile {
  const text = readText(file);
  const { direct, gateway } = pair.variables;
  const isSandbox = !given[direct.url]?.trim();
  const sandbox = { [gateway.url]: SANDBOX.gateway, ...defined(given), [direct.url]: SANDBOX.direct };
  const variables = isSandbox ? sandbox : given;
  return { file, text, revision: revisionOf(text), parsed: parseConfig(text, variables), variables, isSandbox };
}

/** The config itself. @throws CliError with every problem, one a line, when there is none. */
export function requireConfig({ file, parsed }: ConfigFile): FacadeConfig {
  if (parsed.ok) return parsed.config;
  throw new CliError(EXIT.problems, formatProblems(file, parsed.problems));
}

/** The environment; undefined when something in it is wrong, which `check` tells of. */
export function environmentOf({ pair, variables }: Pick<Context, 'pair' | 'variables'>): Environment | undefined {
  const read = readEnvironment(variables, pair.variables);
  return read.ok ? read.environment : undefined;
}

function readText(file: string): string {
  try {
    return readTextSync(file);
  } catch (error) {
    throw new CliError(
      EXIT.problems,
      `${file}: cannot be read (${codeOf(error)}); name the table with --config or FACADE_CONFIG, or write one with "c2s-facade init".`,
    );
  }
}

const defined = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim()));
