import { readEnvironment, type Environment } from '../config/environment.ts';
import { formatProblems, parseConfig, digestOf, type ParsedConfig } from '../config/load.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { TableSchema } from '../config/table-schema.ts';
import type { Variables } from '../config/variables.ts';
import { codeOf } from '../../http/error-code.ts';
import { readTextSync } from '../../http/read-file.ts';
import type { Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/** The config file as the facade would read it, for the commands that work on the file alone. */

export interface ConfigFile {
  readonly file: string;
  readonly text: string;
  readonly digest: string;
  readonly schema: TableSchema;
  readonly parsed: ParsedConfig;
  /** What ${NAME} in it stands for. */
  readonly variables: Variables;
  /** The direct side has no address: the facade would run on its sandbox, whose addresses are not known here. */
  readonly isSandbox: boolean;
}

/** @throws CliError when the file cannot be read; what is wrong inside it stands in `parsed`. */
export function readConfigFile(context: Context): ConfigFile {
  const { configFile: file, variables: given, pair, extension, start } = context;
  const text = readText(context, file);
  const { direct, gateway } = pair.variables;
  const sandbox = given[direct.url]?.trim() ? undefined : start?.sandbox;
  const variables = sandbox
    ? { [gateway.url]: sandbox.gateway, ...defined(given), [direct.url]: sandbox.direct }
    : given;
  const schema = new TableSchema(extension?.settings);
  const parsed = parseConfig(text, variables, schema);
  return { file, text, digest: digestOf(text), schema, parsed, variables, isSandbox: sandbox !== undefined };
}

/** The config itself. @throws CliError with every problem, one a line, when there is none. */
export function requireConfig({ file, parsed }: ConfigFile): FacadeConfig {
  if (parsed.ok) return parsed.config;
  throw new CliError(EXIT.problems, formatProblems(file, parsed.problems));
}

/** The environment; undefined when something in it is wrong, which `check` tells of. */
export function environmentOf({
  pair,
  extension,
  variables,
}: Pick<Context, 'pair' | 'extension' | 'variables'>): Environment | undefined {
  const read = readEnvironment(variables, pair.variables, extension?.variables);
  return read.ok ? read.environment : undefined;
}

function readText({ name }: Context, file: string): string {
  try {
    return readTextSync(file);
  } catch (error) {
    throw new CliError(
      EXIT.problems,
      `${file}: cannot be read (${codeOf(error)}); name the table with --config or FACADE_CONFIG, or write one with "${name} init".`,
    );
  }
}

const defined = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim()));
