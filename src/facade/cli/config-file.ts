import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment, type Environment } from '../config/environment.ts';
import { formatProblems, parseConfig, digestOf, type ParsedConfig } from '../config/load.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { SANDBOX_TABLE } from '../config/sandbox-table.ts';
import { TableSchema } from '../config/table-schema.ts';
import type { Variables } from '../config/variables.ts';
import type { ApiPair, Path } from '../rollout/api-pair.ts';
import { codeOf } from '../../http/error-code.ts';
import { readTextSync } from '../../http/read-file.ts';
import { withProduct, type Context, type ProductContext } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/** The config file as the facade would read it, for the commands that work on the file alone. */

export const USUAL_TABLE = 'config/facade.yaml';

export interface ConfigFile {
  readonly pair: ApiPair;
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
export async function readConfigFile(given: Context): Promise<ConfigFile> {
  return readTable(await withProduct(given));
}

function readTable(context: ProductContext): ConfigFile {
  const { variables: given, pair, extension } = context;
  const file = tableFile(context);
  const text = readText(context, file);
  const { direct, gateway } = pair.variables;
  const sandbox = sandboxOf(context);
  const variables = sandbox
    ? { [gateway.url]: sandbox.gateway, ...defined(given), [direct.url]: sandbox.direct }
    : given;
  const schema = new TableSchema(extension?.settings);
  const parsed = parseConfig(text, variables, schema);
  return { pair, file, text, digest: digestOf(text), schema, parsed, variables, isSandbox: sandbox !== undefined };
}

/** What stands for the addresses of the sandbox; undefined: the facade would not run on one. */
function sandboxOf({ variables, pair, start }: ProductContext): Readonly<Record<Path, string>> | undefined {
  return variables[pair.variables.direct.url]?.trim() ? undefined : start?.sandbox;
}

/** The facade would run on its sandbox: the direct side has no address, and `start` brings stand-ins along. */
export const isOnSandbox = (context: ProductContext): boolean => sandboxOf(context) !== undefined;

/** The rollout table that a facade started here would serve: what is named, else the sandbox's copy, else the usual one. */
export function tableFile(context: ProductContext): string {
  if (context.namedTable !== undefined) return context.namedTable;
  const copy = join(context.variables['DATA_DIR']?.trim() || '.data', SANDBOX_TABLE);
  return sandboxOf(context) && existsSync(copy) ? copy : USUAL_TABLE;
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
}: Pick<ProductContext, 'pair' | 'extension' | 'variables'>): Environment | undefined {
  const read = readEnvironment(variables, pair.variables, extension?.variables);
  return read.ok ? read.environment : undefined;
}

function readText({ name }: Pick<Context, 'name'>, file: string): string {
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
