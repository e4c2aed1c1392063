import { tokenHeaderNames } from '../../dialect/token-header.ts';
import { readFileSync } from 'node:fs';
import type { ExplainAnswer } from '../../admin/explain.ts';
import { Callers, type Caller } from '../../forward/callers.ts';
import { callerNamed, explainRequest } from '../../forward/explain.ts';
import { buildMatcher, prepareRoute } from '../../forward/runtime-snapshot.ts';
import { compileRoutes } from '../../rollout/compile.ts';
import { environmentOf, readConfigFile, requireConfig, type ConfigFile } from '../config-file.ts';
import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { EXIT, NotRunning, usageError } from '../exit.ts';
import { renderExplanation, type Explained } from '../render-explanation.ts';
import { allVisible } from '../../../http/visible.ts';

export interface ExplainOptions extends CommonOptions {
  readonly caller?: string;
  readonly body?: string;
  readonly header?: readonly string[];
  readonly offline?: boolean;
}

interface ExplainedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly caller: string;
}

/** By the running facade's table where one answers, else by the file. */
export const explain: Command<ExplainOptions> = async (context, options, [method = '', target = '']) => {
  const asked = askedFor(options, method.toUpperCase(), target);
  const explained = (options.offline ? undefined : await byFacade(context, asked)) ?? (await byFile(context, asked));
  print(context, explained, (shown) => renderExplanation(allVisible(asked), shown, context.style));
  return EXIT.ok;
};

function askedFor(options: ExplainOptions, method: string, target: string): ExplainedRequest {
  if (!target.startsWith('/')) throw usageError(`The path "${target}" does not begin with a slash.`);
  const body = options.body === '-' ? readFileSync(0, 'utf8') : options.body;
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  for (const line of options.header ?? []) {
    const colon = line.indexOf(':');
    if (colon < 1) throw usageError(`--header "${line}" is not "name: value".`);
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, target, headers, body, caller: options.caller ?? 'known' };
}

async function byFacade(context: Context, asked: ExplainedRequest): Promise<Explained | undefined> {
  try {
    const answer = await context.admin.send<ExplainAnswer>('POST', '/api/explain', asked);
    return { ...answer, by: context.admin.url };
  } catch (error) {
    // A facade that refuses (the token, the caller) is an answer; none at all is not, and the file knows too.
    if (error instanceof NotRunning) return undefined;
    throw error;
  }
}

async function byFile(context: Context, asked: ExplainedRequest): Promise<Explained> {
  const file = await readConfigFile(context);
  const config = requireConfig(file);
  const caller = callerOf(file, asked.caller);
  const models = compileRoutes(config, file.pair);
  const { direct, gateway } = config.upstreams;
  const situation = {
    matcher: buildMatcher(models.map((model) => prepareRoute(model, models))),
    gatewayAvailable: gateway.url !== '',
    killed: false,
    forceHeader: config.server.forceHeader,
    forceSecret: environmentOf(file)?.forceSecret,
    lastWriterOf: undefined,
    bases: { direct: direct.url, gateway: gateway.url },
  };
  const body = asked.body === undefined ? undefined : Buffer.from(asked.body);
  return {
    by: file.file,
    digest: file.digest,
    killSwitch: false,
    caller: caller?.id ?? null,
    explanation: explainRequest(situation, { ...asked, body, caller }),
    breakers: undefined,
  };
}

/** Without any token in the environment, `known` still means somebody who is known. */
const SOMEBODY: Caller = { id: 'known', bucket: 0 };

function callerOf({ pair, variables }: ConfigFile, name: string): Caller | undefined {
  const environment = environmentOf({ pair, variables });
  const callers = new Callers(environment?.directToken, environment?.facadeTokens ?? [], tokenHeaderNames(pair)).all;
  const caller = callerNamed(name, callers);
  if (caller !== null) return caller;
  if (name === 'known') return SOMEBODY;
  throw usageError(`No known caller has the id "${name}"; write known, unknown, or the twelve digits of the log.`);
}
