import type { Path } from '../../rollout/api-pair.ts';
import { showToken } from '../../dialect/token-header.ts';
import { healthSettings } from '../../forward/settings.ts';
import type { Environment } from '../../config/environment.ts';
import type { FacadeConfig } from '../../config/schema.ts';
import { environmentProblems, environmentWarnings } from '../check/environment.ts';
import { environmentOf, isOnSandbox, readConfigFile, tableFile } from '../config-file.ts';
import { print, withProduct, type Command, type Context, type ProductContext } from '../context.ts';
import { examineDatabase } from '../doctor/database.ts';
import { fail, ok, warn, type DoctorFinding } from '../doctor/finding.ts';
import { examineDisk, examineNode, examinePort } from '../doctor/machine.ts';
import { examineUpstream, type UpstreamQuestion } from '../doctor/upstream.ts';
import { CliError, EXIT } from '../exit.ts';
import { count } from '../format.ts';

/** Looks at everything that the facade needs, and says of each what to do. Exit code 1 where something fails. */
export const doctor: Command = async (given) => {
  const context = await withProduct(given);
  const config = await examineConfig(context);
  const environment = environmentOf(context);
  const isRunning = (await context.admin.find<object>('/readyz', 2_000).catch(() => undefined)) !== undefined;
  const outside = environment && (await examineOutside(config.config, environment, context));
  const findings = [
    examineNode(process.version),
    config.finding,
    ...sectionFindings(context, config.config),
    ...examineEnvironment(context),
    runningFinding(context, isRunning),
    ...(environment ? await examineMachine(environment, isRunning) : []),
    ...(outside ?? []),
  ];
  print(context, findings, (shown) => render(context, shown));
  return findings.some(({ state }) => state === 'fail') ? EXIT.problems : EXIT.ok;
};

/** All at once: each may wait for somebody who does not answer. */
async function examineOutside(
  config: FacadeConfig | undefined,
  environment: Environment,
  context: ProductContext,
): Promise<DoctorFinding[]> {
  const { database, dataDir, extension: variables } = environment;
  const { extension, io } = context;
  const { now } = io;
  const found = await Promise.all([
    config ? examineUpstreams(context, config, environment) : [],
    // The sandbox brings stand-ins for these, too, whatever the variables say.
    isOnSandbox(context) ? [] : (extension?.doctor?.({ environment, variables, now }) ?? []),
    examineDatabase(database, dataDir, extension?.migrations),
  ]);
  return found.flat();
}

async function examineConfig(
  context: ProductContext,
): Promise<{ finding: DoctorFinding; config: FacadeConfig | undefined }> {
  try {
    const { file, parsed } = await readConfigFile(context);
    if (parsed.ok)
      return {
        finding: ok('config', `${file}: ${count(parsed.config.routes.length, 'route')}`),
        config: parsed.config,
      };
    const text = `${file} has ${count(parsed.problems.length, 'error')}`;
    return { finding: fail('config', text, `"${context.name} check" lists them`), config: undefined };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return {
      finding: fail('config', `${tableFile(context)} cannot be read`, 'name it with --config or FACADE_CONFIG'),
      config: undefined,
    };
  }
}

/** What `check` would warn of in the section of the extension. */
function sectionFindings({ extension, io }: ProductContext, config: FacadeConfig | undefined): DoctorFinding[] {
  const warnings = config && extension?.settings?.warnings?.(config.extension, io.now());
  return (warnings ?? []).map(({ path, message, remedy }) => warn(String(path.at(-1)), message, remedy));
}

function examineEnvironment(context: ProductContext): DoctorFinding[] {
  const problems = environmentProblems(context, context.io.envFile);
  const warnings = environmentWarnings(context, context.io.envFile);
  return [
    ...(problems.length === 0 ? [ok('environment', 'every variable is in the right form')] : []),
    ...problems.map(({ variable, message, where }) =>
      fail('environment', `${variable} ${message}`, `correct it in ${where}`),
    ),
    ...warnings.map(({ variable, message, where }) =>
      warn('environment', `${variable} ${message}`, `change it in ${where}`),
    ),
  ];
}

function runningFinding({ admin, name, start }: Context, isRunning: boolean): DoctorFinding {
  let url: string;
  try {
    ({ url } = admin);
  } catch (error) {
    return warn('facade', error instanceof Error ? error.message : String(error), 'name it with --admin URL');
  }
  if (isRunning) return ok('facade', `ready, admin listener at ${url}`);
  return warn('facade', `none is ready at ${url}`, start ? `${name} start` : 'start it');
}

async function examineMachine(environment: Environment, isRunning: boolean): Promise<DoctorFinding[]> {
  const { dataDir, database, host, port, adminHost, adminPort } = environment;
  return [
    examineDisk(dataDir, database.kind === 'embedded'),
    ...(port === 0 ? [] : [await examinePort('PORT', host, port, isRunning)]),
    ...(adminPort === 0 ? [] : [await examinePort('ADMIN_PORT', adminHost, adminPort, isRunning)]),
  ];
}

async function examineUpstreams(
  context: ProductContext,
  config: FacadeConfig,
  { directToken, gatewayToken }: Environment,
): Promise<DoctorFinding[]> {
  const { now } = context.io;
  const { variables, tokens, tokenCheck } = context.pair;
  if (isOnSandbox(context))
    return [ok('upstreams', `${variables.direct.url} is not set: the facade brings its sandbox along`)];
  const questionOf = (side: Path, token: string | undefined): UpstreamQuestion => ({
    subject: side,
    url: config.upstreams[side].url,
    variable: variables[side].url,
    health: config.upstreams[side].health && healthSettings(config.upstreams[side].health),
    read: tokenCheck && {
      path: tokenCheck[side],
      shown: showToken(tokens[side], token),
      tokenVariable: variables[side].token,
    },
    now,
  });
  const [ofDirect, ofGateway] = await Promise.all([
    examineUpstream(questionOf('direct', directToken)),
    config.upstreams.gateway.url === ''
      ? [ok('gateway', `not configured (${variables.gateway.url}): every route is direct`)]
      : examineUpstream(questionOf('gateway', gatewayToken)),
  ]);
  return [...ofDirect, ...ofGateway];
}

function render({ style }: Context, findings: readonly DoctorFinding[]): string {
  const paint = { ok: style.green, warn: style.yellow, fail: style.red };
  const longest = Math.max(...findings.map(({ subject }) => subject.length));
  const lines = findings.map(({ state, subject, text, remedy }) => {
    const line = `${paint[state](state.padEnd(4))}  ${subject.padEnd(longest)}  ${text}`;
    return remedy === undefined ? line : `${line}; ${remedy}`;
  });
  const failed = findings.filter(({ state }) => state === 'fail').length;
  const warned = findings.filter(({ state }) => state === 'warn').length;
  return [...lines, '', `${count(findings.length, 'finding')}: ${failed} fail, ${warned} warn`].join('\n');
}
