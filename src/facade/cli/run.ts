import { Command as Program, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { CommandSpec } from './command.ts';
import { COMMANDS, startCommand } from './commands.ts';
import type { CompletedCommand } from './completion.ts';
import { createContext, type CommandLine, type CommonOptions } from './context.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { packageVersion } from '../../http/package-version.ts';
import { visibleJson } from '../../http/visible.ts';
import { DEFAULT_WIDTH, type Io } from './io.ts';
import { painted, type PaintedIo } from './paint.ts';

/**
 * From the command line to one command. Every command is loaded when it is called: `--help` and the shell's completion
 * must not wait for a YAML parser or an HTTP client.
 */

/** Runs one command line. Resolves to the exit code; undefined when the process goes on and ends by itself. */
export async function run(argv: readonly string[], own: Io, line: CommandLine): Promise<number | undefined> {
  const io = painted(own);
  let code: number | undefined = EXIT.ok;
  const args = commonLast(argv);
  const isJson = args.includes('--json');
  const fail = (message: string, failure: ExitCode): ExitCode => {
    io.err(isJson ? `${visibleJson({ error: message, code: failure })}\n` : `${message}\n`);
    return failure;
  };
  const program = createProgram(io, line, (result) => (code = result));
  // With --json the error is written below, as JSON.
  if (isJson) program.commands.concat(program).forEach((one) => one.configureOutput({ outputError: () => undefined }));
  try {
    await program.parseAsync(parsedArgs(args, program, line), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CliError) return fail(error.message, error.code);
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    return isJson ? fail(error.message.replace(/^error: /, ''), EXIT.usage) : EXIT.usage;
  }
}

/** Options of most commands that take a value; `--json` takes none. */
const COMMON_WITH_VALUE = ['--admin', '--config'];

/** `--json routes` as `routes --json`: commander knows the common options as those of each command. */
function commonLast(argv: readonly string[]): readonly string[] {
  let first = 0;
  while (first < argv.length) {
    const [one = '', name = ''] = [argv[first], argv[first]?.split('=', 1)[0]];
    if (one === '--json' || (COMMON_WITH_VALUE.includes(name) && one !== name)) first++;
    else if (COMMON_WITH_VALUE.includes(one)) first += 2;
    else break;
  }
  const [command, ...rest] = argv.slice(first);
  if (command === undefined || command === 'help') return argv.slice(command === undefined ? 0 : first);
  return [command, ...argv.slice(0, first), ...rest];
}

/** An unknown command is an error with or without `help`; commander alone would show the help of everything. */
function parsedArgs(args: readonly string[], program: Program, line: CommandLine): readonly string[] {
  if (args.length === 0) return [line.start ? 'start' : '--help'];
  const command = args[0] === 'help' ? args[1] : args[0];
  const isKnown = (name: string): boolean => name === 'help' || program.commands.some((one) => one.name() === name);
  return command === undefined || command.startsWith('-') || isKnown(command) ? args : [command];
}

/** The whole command line as commander knows it; also read for the completion. */
function createProgram(io: PaintedIo, line: CommandLine, done: (code: number | undefined) => void): Program {
  const helpWidth = Number.isFinite(io.width) ? io.width : DEFAULT_WIDTH;
  const program = new Program(line.name)
    .description('Moves the traffic of a legacy API to its replacement, route by route.')
    .version(versionText(line.name), '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help, or that of a command')
    .helpCommand('help [command]', 'the same')
    .exitOverride()
    .configureHelp({ helpWidth, minWidthToWrap: 20 })
    .configureOutput({ writeOut: io.out, writeErr: io.err, getOutHelpWidth: () => helpWidth })
    // What a newcomer types first is answered by the facade itself.
    .addHelpText('after', `\nWithout a command: ${line.start ? 'start' : 'this help'}.`)
    .addHelpText('after', '\nExit codes: 0 ok, 1 problems were found, 2 wrong usage, 3 the facade cannot be reached.');
  const specs = [...(line.start ? [startCommand(line.start.summary)] : []), ...COMMANDS, ...line.commands];
  for (const spec of specs) addCommand(program, spec, io, line, done);
  return program;
}

const ENGINE = 'c2s-facade';

/** `c2s-facade 0.1.0`; a command line of another pair says on which version of the engine it runs. */
function versionText(name: string): string {
  const engine = `${ENGINE} ${packageVersion()}`;
  return name === ENGINE ? engine : `${name}, on ${engine}`;
}

function addCommand(
  program: Program,
  spec: CommandSpec,
  io: PaintedIo,
  line: CommandLine,
  done: (code: number | undefined) => void,
): void {
  const command = program
    .command(spec.usage, { hidden: spec.hidden ?? false })
    .description(spec.summary)
    .showSuggestionAfterError();
  for (const [flags, description, parse] of spec.options ?? []) {
    const option = new Option(flags, description);
    command.addOption(parse ? option.argParser((text: string) => parsed(parse, text)) : option);
  }
  if (spec.common !== 'none') addCommonOptions(command, spec.common ?? 'both');
  const { help } = spec;
  if (help !== undefined) command.addHelpText('after', `\n${typeof help === 'string' ? help : help(line.name)}`);
  command.action(async (...given: unknown[]) => {
    // Commander hands over the arguments, then the options, then itself.
    const args = given
      .slice(0, -2)
      .flat()
      .filter((one) => typeof one === 'string');
    const options = given.at(-2) as CommonOptions;
    const execute = await spec.load();
    done(
      await execute(
        createContext(io, line, options, () => describe(program)),
        options as never,
        args,
      ),
    );
  });
}

function addCommonOptions(command: Program, which: 'json' | 'file' | 'admin' | 'both'): void {
  command.option('--json', 'the answer as JSON');
  if (which === 'json') return;
  if (which !== 'file') command.option('--admin <url>', 'the admin listener (default: ADMIN_HOST and ADMIN_PORT)');
  if (which !== 'admin') command.option('--config <file>', 'the rollout table (default: FACADE_CONFIG)');
}

function parsed(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function describe(program: Program): CompletedCommand[] {
  const shown = program.createHelp().visibleCommands(program);
  return shown.map((command) => ({
    name: command.name(),
    summary: command.description(),
    options: command.options.map(({ long, description }) => ({ name: long ?? '', description })),
    takesRoutes: command.registeredArguments.some((argument) => argument.name().startsWith('route')),
  }));
}
