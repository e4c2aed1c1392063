import type { ConfigProblem } from '../../config/load.ts';
import { environmentProblems, environmentWarnings, type EnvironmentProblem } from '../check/environment.ts';
import type { SeenEvidence } from '../../steer/rollout-warnings.ts';
import { warningsOf, type CheckWarning } from '../check/warnings.ts';
import { readConfigFile, type ConfigFile } from '../config-file.ts';
import { print, withProduct, type Command, type CommonOptions, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { count } from '../format.ts';
import type { LiveTable } from '../live.ts';
import { parityOf, type ParityReportView } from '../parity.ts';

export interface CheckOptions extends CommonOptions {
  readonly strict?: boolean;
  readonly offline?: boolean;
}

interface CheckResult {
  readonly ok: boolean;
  readonly file: string;
  readonly digest: string;
  readonly routes: number;
  readonly environment: readonly EnvironmentProblem[];
  /** Variables under former names. */
  readonly formerNames: readonly EnvironmentProblem[];
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly CheckWarning[];
  readonly notes: readonly string[];
}

/** Milliseconds that a running facade gets to say what it has: it is an extra. */
const RUNNING_FACADE_TIMEOUT_MS = 2_000;

/** Everything that is wrong with the file and the environment, at once, and what looks unwise. */
export const check: Command<CheckOptions> = async (given, { strict = false, offline = false }) => {
  const context = await withProduct(given);
  const file = await readConfigFile(context);
  const { envFile } = context.io;
  const environment = environmentProblems(context, envFile);
  const formerNames = environmentWarnings(context, envFile);
  const running = offline || !file.parsed.ok ? {} : await askRunning(context);
  const warnings = file.parsed.ok
    ? warningsOf({
        ...file,
        pairVariables: context.pair.variables,
        command: context.name,
        section: context.extension?.settings,
        now: context.io.now(),
        config: file.parsed.config,
        verdicts: undefined,
        seen: undefined,
        running: undefined,
        ...running,
      })
    : [];
  const problems = file.parsed.ok ? [] : file.parsed.problems;
  const result: CheckResult = {
    ok: problems.length + environment.length === 0 && !(strict && warnings.length + formerNames.length > 0),
    file: file.file,
    digest: file.digest,
    routes: file.parsed.ok ? file.parsed.config.routes.length : 0,
    environment,
    formerNames,
    problems,
    warnings,
    notes: notesOf(context, file, offline, running.running !== undefined),
  };
  print(context, result, (shown) => render(context, shown));
  return result.ok ? EXIT.ok : EXIT.problems;
};

interface RunningTable {
  readonly running?: readonly string[];
  readonly verdicts?: ReadonlyMap<string, string>;
  readonly seen?: ReadonlyMap<string, SeenEvidence>;
}

async function askRunning({ admin }: Context): Promise<RunningTable> {
  const quietly = async <T>(path: string): Promise<T | undefined> => {
    try {
      return await admin.find<T>(path, RUNNING_FACADE_TIMEOUT_MS);
    } catch (error) {
      // It is there and cannot say (its database is starting): as good as not there.
      if (error instanceof CliError) return undefined;
      throw error;
    }
  };
  const table = await quietly<LiveTable>('/api/routes');
  if (!table) return {};
  const report = await quietly<unknown>('/api/parity');
  const running = table.routes.map(({ id }) => id);
  if (report === undefined) return { running };
  const reports = parityOf(report);
  return {
    running,
    verdicts: new Map(reports.map(({ route, verdict }) => [route, verdict.kind])),
    seen: new Map(reports.map((one) => [one.route, seenIn(one)])),
  };
}

function seenIn({ counts, pace }: ParityReportView): SeenEvidence {
  return { compared: counts.match + counts.ignored + counts.mismatch, spanMs: pace?.spanMs ?? 0 };
}

function notesOf(
  { admin }: Context,
  { pair, isSandbox, parsed }: ConfigFile,
  offline: boolean,
  isRunning: boolean,
): string[] {
  // A file with errors is compared with nothing.
  const isUnanswered = parsed.ok && !offline && !isRunning;
  return [
    ...(isSandbox ? [`${pair.variables.direct.url} is not set: the facade would run on its sandbox.`] : []),
    ...(isUnanswered ? [`No facade answers at ${admin.url}: the file was not compared with what serves.`] : []),
  ];
}

function render({ style }: Context, { file, digest, routes, ...found }: CheckResult): string {
  const { environment, formerNames, problems, warnings, notes } = found;
  const place = (line: number, column: number) => style.bold(`${file}:${line}:${column}`);
  const wrong = [
    ...environment.map(
      ({ where, variable, message }) => `${style.red('error')}  ${style.bold(where)}  ${variable}: ${message}`,
    ),
    ...problems.map(
      (one) => `${style.red('error')}  ${place(one.line, one.column)}  ${one.where}: ${one.message}; ${one.remedy}`,
    ),
  ];
  const named = formerNames.map(
    ({ where, variable, message }) => `${style.yellow('warn')}   ${style.bold(where)}  ${variable}: ${message}`,
  );
  const unwise = warnings.map(
    (one) => `${style.yellow('warn')}   ${place(one.line, one.column)}  ${one.where}: ${one.message}; ${one.remedy}`,
  );
  const noted = notes.map((note) => `${style.dim('note')}   ${note}`);
  const warned = count(warnings.length + formerNames.length, 'warning');
  const summary =
    wrong.length > 0
      ? style.red(`${count(wrong.length, 'error')}, ${warned}`)
      : `${style.green('ok')}     ${file}: ${count(routes, 'route')}, digest ${digest}, ${warned}`;
  return [...wrong, ...named, ...unwise, ...noted, summary].join('\n');
}
