import type { ExtensionVariables } from '../config/extension-variables.ts';
import type { ConfigSection } from '../config/table-schema.ts';
import type { ApiPair, Path } from '../rollout/api-pair.ts';
import type { Migrations } from '../store/migrate.ts';
import type { CommandSpec } from './command.ts';
import { EnvFileError, readEnvFile } from '../config/env-file.ts';
import type { Variables } from '../config/variables.ts';
import { allVisible, visibleJson } from '../../http/visible.ts';
import { AdminClient, adminUrl } from './admin-client.ts';
import type { CompletedCommand } from './completion.ts';
import type { DoctorQuestion, DoctorFinding } from './doctor/finding.ts';
import { CliError, EXIT } from './exit.ts';
import { PLAIN, type PaintedIo, type Style } from './paint.ts';

/** What every command is handed: the process, its common options, and the facade to talk to. */

export interface CommonOptions {
  readonly json?: boolean;
  /** Base URL of the admin listener. */
  readonly admin?: string;
  readonly config?: string;
}

export type { Style } from './paint.ts';

/** What the commands read of a product (`Product` in extension/product.ts, which says what each part is). */
export interface CommandProduct {
  readonly pair: ApiPair;
  readonly extension?:
    | {
        readonly settings?: ConfigSection;
        readonly variables?: ExtensionVariables;
        readonly migrations?: () => Promise<Migrations>;
        doctor?(question: DoctorQuestion): Promise<readonly DoctorFinding[]>;
      }
    | undefined;
}

/** What a command line is made of beside the engine's commands. */
export interface CommandLine {
  /** What the operator types: `c2s-facade`. Help, messages and completion call the command by it. */
  readonly name: string;
  /** Listed behind the engine's. */
  readonly commands: readonly CommandSpec[];
  /** Loaded by a command that needs it: `--help` and what only asks the admin API must not wait for schemas. */
  readonly product: () => Promise<CommandProduct>;
  /** The `start` command; left out: there is none. */
  readonly start?: StartCommand | undefined;
}

interface StartCommand {
  /** For the help. */
  readonly summary: string;
  /** Runs the facade in this process, which sets its exit code when it ends. */
  readonly run: () => Promise<unknown>;
  /** What stands for the two sides where the direct side has no address, and `run` brings stand-ins along; left out: it brings none. */
  readonly sandbox?: Readonly<Record<Path, string>> | undefined;
}

export interface Context extends Pick<CommandLine, 'name' | 'start' | 'product'> {
  readonly io: PaintedIo;
  readonly style: Style;
  readonly json: boolean;
  /** The environment over the .env file, as the facade itself reads them. */
  readonly variables: Variables;
  /** The rollout table that --config or FACADE_CONFIG names; `tableFile` says which it is without either. */
  readonly namedTable: string | undefined;
  readonly admin: AdminClient;
  /** The command line itself, for the completion. */
  readonly commands: () => readonly CompletedCommand[];
}

/** With what the product brings. */
export type ProductContext = Context & CommandProduct;

export async function withProduct(context: Context): Promise<ProductContext> {
  return { ...context, ...(await context.product()) };
}

/** @throws CliError when the options contradict themselves. */
export function createContext(
  io: PaintedIo,
  { name, start, product }: CommandLine,
  options: CommonOptions,
  commands: Context['commands'],
): Context {
  const variables = { ...envFile(io.envFile), ...io.env };
  return {
    io,
    name,
    product,
    start,
    style: options.json ? PLAIN : io.style,
    json: options.json ?? false,
    commands,
    variables,
    namedTable: options.config ?? (variables['FACADE_CONFIG']?.trim() || undefined),
    admin: new AdminClient({
      url: () => adminUrl(options.admin, variables),
      token: variables['ADMIN_TOKEN']?.trim() || undefined,
      start: start ? `Start it with "${name} start"` : 'Start it',
    }),
  };
}

function envFile(file: string): Record<string, string> {
  try {
    return readEnvFile(file);
  } catch (error) {
    if (error instanceof EnvFileError) throw new CliError(EXIT.problems, error.message);
    throw error;
  }
}

/**
 * Prints the answer: the value itself with --json, else the text, which is only made when it is shown, and from the
 * value as it may be shown: a line feed in a text of others must not begin a line of ours.
 */
export function print<T>({ io, json }: Context, value: T, text: (shown: T) => string): void {
  io.out(json ? `${visibleJson(value, 2)}\n` : `${text(allVisible(value)).trimEnd()}\n`);
}

/** A remark beside the answer: on standard error, so that what is piped on stays clean. */
export function remark({ io }: Context, text: string): void {
  io.err(`${text}\n`);
}

/** One subcommand: resolves to its exit code. `undefined`: the process goes on and ends by itself. */
export type Command<Options extends CommonOptions = CommonOptions> = (
  context: Context,
  options: Options,
  args: readonly string[],
) => number | undefined | Promise<number | undefined>;
