import { compareAnswers } from '../../compare/compare.ts';
import type { ErrorReason } from '../../compare/comparison.ts';
import { textOf } from '../../compare/groups.ts';
import { rulesOf } from '../../compare/parity-settings.ts';
import { isKnown, type CompiledRules } from '../../compare/rules.ts';
import { showToken } from '../../dialect/token-header.ts';
import type { Environment } from '../../config/environment.ts';
import { renderPath } from '../../dialect/path.ts';
import { describeLoss } from '../../dialect/result.ts';
import { FORCE_HEADER, signForce } from '../../forward/force-header.ts';
import { buildMatcher, prepareRoute, type PreparedRoute } from '../../forward/runtime-snapshot.ts';
import { methodFor, planFor } from '../../forward/plan.ts';
import { parseTarget } from '../../forward/target.ts';
import { compileRoutes } from '../../rollout/compile.ts';
import type { Match } from '../../rollout/matcher.ts';
import type { Path, RouteModel } from '../../rollout/route.ts';
import type { FacadeConfig } from '../../config/schema.ts';
import { environmentOf, readConfigFile, requireConfig } from '../config-file.ts';
import { print, withProduct, type Command, type CommonOptions, type Context } from '../context.ts';
import { CliError, EXIT, usageError } from '../exit.ts';
import { milliseconds } from '../format.ts';
import { requireRoute } from '../live.ts';
import { probePath, type ProbeRequest, type ProbeResult } from '../probe.ts';

export interface ProbeOptions extends CommonOptions {
  readonly param?: readonly string[];
}

interface Probed {
  readonly route: string;
  readonly results: readonly Omit<ProbeResult, 'answer'>[];
  /** By the route's own rules, as parity has them. */
  readonly differences: readonly string[];
  /** Those that `knownDifferences` names, which do not count. */
  readonly known: readonly string[];
}

const MAX_SHOWN = 10;

/** A real read through both paths, one after the other. Exit code 1 where they do not say the same. */
export const probe: Command<ProbeOptions> = async (given, { param = [] }, [first = '', path]) => {
  const context = await withProduct(given);
  const file = await readConfigFile(context);
  const config = requireConfig(file);
  const models = compileRoutes(config, context.pair);
  const [method, target] = path === undefined ? byRoute(context, first, param, models) : [first.toUpperCase(), path];
  const match = safeMatch(context, models, method, target);
  const { url, token } = context.pair.variables.direct;
  if (file.isSandbox)
    throw usageError(
      `${url} is not set, so the facade runs on its sandbox, and a probe has no token for it. Set ${url} and ${token} to probe the real upstreams.`,
    );
  const environment = environmentOf({ ...context, variables: file.variables });
  if (!environment)
    throw usageError(
      `A probe needs ${url} and ${token}, in the environment or in .env; "${context.name} check" says what is wrong.`,
    );
  const requests = await requestsFor(context, config, environment, match, method, target);
  const results: ProbeResult[] = [];
  for (const { dialect, ...request } of requests) {
    results.push(await probePath(request, match.route.model, dialect, () => performance.now()));
  }
  const [rules] = rulesOf(config, [match.route.model]);
  const probed = {
    route: match.route.model.id,
    results: results.map(({ answer: _, ...rest }) => rest),
    ...compared(rules as CompiledRules, results, context.io.now()),
  };
  print(context, probed, (shown) => render(context, shown));
  return probed.differences.length === 0 && results.every(({ error }) => error === undefined) ? EXIT.ok : EXIT.problems;
};

function byRoute(
  context: Context,
  id: string,
  given: readonly string[],
  models: readonly RouteModel[],
): [method: string, target: string] {
  const model = requireRoute(context, id, models);
  const values = new Map(given.map((one) => [one.split('=', 1)[0] ?? '', one.slice(one.indexOf('=') + 1)]));
  const lacking = model.params.filter((name) => !values.get(name));
  if (lacking.length > 0) throw usageError(`${id} needs ${lacking.map((name) => `--param ${name}=VALUE`).join(' ')}.`);
  const endpoint = model.direct[0] ?? model.gateway[0];
  if (!endpoint) throw usageError(`${id} has no endpoint.`);
  return [
    endpoint.method,
    renderPath(
      endpoint,
      model.params.map((name) => encodeURIComponent(values.get(name) ?? '')),
    ),
  ];
}

function safeMatch(
  { name }: Context,
  models: readonly RouteModel[],
  method: string,
  target: string,
): Match<PreparedRoute> {
  const matcher = buildMatcher(models.map((model) => prepareRoute(model, models)));
  const match = matcher.match(method, parseTarget(target).path);
  if (!match) throw usageError(`No route claims ${method} ${target.split('?')[0]}; "${name} routes" lists them.`);
  const { id, safety } = match.route.model;
  if (safety !== 'safe' || (method !== 'GET' && method !== 'HEAD')) {
    throw usageError(`${id} is ${safety}: only reads are probed, a write would be done for real, and twice.`);
  }
  return match;
}

type DialectedRequest = ProbeRequest & { readonly dialect: Path };

/** Through the facade where it lets a side be forced, so that all of it is tried; else each upstream by itself. */
async function requestsFor(
  { admin }: Context,
  config: FacadeConfig,
  environment: Environment,
  match: Match<PreparedRoute>,
  method: string,
  target: string,
): Promise<DialectedRequest[]> {
  const { model } = match.route;
  const shown = (path: Path, token: string | undefined): Record<string, string> => {
    const header = showToken(model.pair.tokens[path], token);
    return header ? { [header[0]]: header[1] } : {};
  };
  const paths = (['direct', 'gateway'] as const).filter((path) => model[path].length > 0);
  const isForced = config.server.forceHeader && (await admin.find<object>('/api/routes', 2_000)) !== undefined;
  return paths.map((path): DialectedRequest => {
    if (isForced) {
      const token = environment.facadeTokens[0] ?? environment.directToken ?? '';
      const headers = { ...shown('direct', token), [FORCE_HEADER]: forceValue(environment, model.id, path) };
      return {
        path,
        method,
        url: publicUrl(environment) + target,
        headers,
        dialect: match.dialect,
        isThroughFacade: true,
      };
    }
    const base = config.upstreams[path].url;
    if (base === '')
      throw usageError(
        `No gateway is configured (${model.pair.variables.gateway.url}), so there is nothing to probe beside direct.`,
      );
    const plan = planFor(match, path, parseTarget(target), false, undefined);
    if (plan.kind !== 'ok')
      throw new CliError(EXIT.problems, `The ${path} path cannot carry this: ${describeLoss(plan)}.`);
    const token = path === 'direct' ? environment.directToken : environment.gatewayToken;
    const headers = shown(path, token);
    const url = base + plan.value.target;
    return { path, method: methodFor(match, path, method), url, headers, dialect: path, isThroughFacade: false };
  });
}

/** Good for this probe. */
function forceValue({ forceSecret }: Environment, route: string, path: Path): string {
  const from = Date.now();
  const grant = { path, route, caller: undefined, from, until: from + 60_000 };
  return forceSecret === undefined ? path : signForce(grant, forceSecret);
}

function publicUrl({ host, port }: Environment): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** Why two answers that came say nothing of each other; the other reasons are those of a shadow that was not sent. */
const NOT_COMPARED: Readonly<Partial<Record<ErrorReason, string>>> = {
  both_failed: 'both paths failed',
  rate_limited: 'a path answered 429',
  limited_alone: 'the gateway answered 429',
  too_large: 'an answer is larger than compare.maxBody',
};

function compared(
  rules: CompiledRules,
  [direct, gateway]: readonly ProbeResult[],
  now: number,
): Pick<Probed, 'differences' | 'known'> {
  if (!direct?.answer || !gateway?.answer) return { differences: [], known: [] };
  const served = [direct, gateway]
    .filter(({ path, servedBy }) => servedBy !== undefined && servedBy !== path)
    .map(({ path, servedBy }) => `${path} was asked for and ${servedBy} answered (failover, or the kill switch)`);
  const { reason, differences } = compareAnswers(rules, direct.answer, gateway.answer, now, false);
  const unfit = reason === undefined ? [] : [`not compared: ${NOT_COMPARED[reason] ?? reason}`];
  const isNews = (one: (typeof differences)[number]): boolean => !isKnown(rules.known, one, now);
  return {
    differences: [...served, ...unfit, ...differences.filter(isNews).map(textOf)],
    known: differences.filter((one) => !isNews(one)).map(textOf),
  };
}

function render({ style }: Context, { route, results, differences, known }: Probed): string {
  const lines = results.map(({ path, asked, status, meaning, error, ms, bytes }) => {
    const disguised = meaning === status ? '' : style.yellow(` (means ${meaning})`);
    const answer =
      error === undefined
        ? `${status}${disguised}  ${milliseconds(ms)}  ${bytes} bytes`
        : style.red(`no answer (${error}) after ${milliseconds(ms)}`);
    return `${path.padEnd(8)} ${answer}  ${style.dim(asked)}`;
  });
  const shown = differences.slice(0, MAX_SHOWN).map((difference) => `  ${difference}`);
  const more = differences.length > MAX_SHOWN ? [`  and ${differences.length - MAX_SHOWN} more`] : [];
  const isWhole = results.length === 2 && results.every(({ error }) => error === undefined);
  const verdict =
    differences.length > 0
      ? [style.red('direct → gateway differ:'), ...shown, ...more]
      : isWhole
        ? [style.green('Both answer alike, by the rules of the route.')]
        : [];
  const ignored = known.map((difference) => style.dim(`  known: ${difference}`));
  return [style.bold(route), ...lines, ...verdict, ...ignored].join('\n');
}
