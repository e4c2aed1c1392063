import type { ApiPair } from '../rollout/api-pair.ts';
import { formatProblems, parseConfig, type ConfigProblem } from '../config/load.ts';
import { splitLimits } from '../config/per-worker-limits.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { TableSchema } from '../config/table-schema.ts';
import { variablesIn, type Variables } from '../config/variables.ts';
import { codeOf } from '../../http/error-code.ts';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { RuntimeSnapshot } from './runtime-snapshot.ts';
import { runtimeSettings } from './settings.ts';
import type { RuntimeBuilder } from './runtime-builder.ts';

/** The last load that was refused, for the admin API. */
interface RefusedLoad {
  readonly at: Date;
  readonly problems: readonly ConfigProblem[];
}

/** Routes that the table before had. */
interface LostRoutes {
  readonly at: Date;
  readonly routes: readonly string[];
}

/** The text of a config file, with the values of the variables that it names. */
export interface LoadedConfig {
  readonly text: string;
  readonly variables: Variables;
}

/** A config file that can be served: its rollouts are what the file says. */
export interface AcceptedConfig extends LoadedConfig {
  readonly config: FacadeConfig;
  /** Of the text. */
  readonly digest: string;
}

type ConfigRead =
  | { readonly ok: true; readonly accepted: AcceptedConfig }
  | { readonly ok: false; /** For a human, one a line. */ readonly problems: string };

interface Built {
  /** This process's part of the limits. */
  readonly config: FacadeConfig;
  readonly snapshot: RuntimeSnapshot;
}

interface LoaderOptions {
  readonly file: string;
  readonly pair: ApiPair;
  /** Left out: the engine's alone. */
  readonly schema?: TableSchema | undefined;
  readonly builder: RuntimeBuilder;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Read anew at every load, so that a variable emptied in the .env file acts. */
  readonly variables: () => Variables;
  /** Processes that serve together; each has its part of every limit. */
  readonly workers?: number | undefined;
}

/**
 * From the text of the config file to the snapshot that serves, in two steps: `read` accepts or refuses a text, `build`
 * makes a snapshot of an accepted one. Between them somebody else lays the rollouts in force over its routes. Only a text
 * is ever refused, so only `read` touches the refusal that the log, the metric and the admin API tell of.
 */
export class Loader {
  readonly #options: LoaderOptions;
  /** Undefined: none was accepted yet. */
  #routes: readonly string[] | undefined;
  lastRefused: RefusedLoad | undefined;
  /** The last routes that left the table. */
  lastLost: LostRoutes | undefined;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** @param env what ${NAME} stands for; left out: what it does now. */
  read(text: string, env = this.#options.variables()): ConfigRead {
    const { schema, metrics, log } = this.#options;
    const parsed = parseConfig(text, env, schema);
    if (!parsed.ok) return this.#refuse(parsed.problems);
    const { config, digest } = parsed;
    this.lastRefused = undefined;
    metrics.reloaded(digest);
    log.info({ digest, routes: config.routes.length }, 'config loaded');
    this.#tellLost(config.routes.map(({ id }) => id));
    return { ok: true, accepted: { text, variables: variablesIn(text, env), config, digest } };
  }

  /** @param config as it was accepted, with the rollouts that are in force. */
  build(config: FacadeConfig, digest: string): Built {
    const { pair, schema, builder, workers = 1 } = this.#options;
    const own = splitLimits(config, workers, schema?.section);
    return { config: own, snapshot: builder.build(runtimeSettings(own, pair, digest)) };
  }

  /** The file is gone or cannot be read: for whoever watches the metric, that is a refused file too. */
  unreadable(error: Error & { readonly path?: string }): void {
    const { file, metrics, log } = this.#options;
    const message = `cannot be read (${codeOf(error)})`;
    const remedy = 'put it back; the old table stays until then';
    this.lastRefused = {
      at: new Date(),
      problems: [{ line: 1, column: 1, where: error.path ?? file, message, remedy }],
    };
    metrics.reloadFailed();
    log.error({ err: error, file: error.path ?? file }, 'config file cannot be read, the old table stays');
  }

  #tellLost(routes: readonly string[]): void {
    const { log } = this.#options;
    const lost = (this.#routes ?? []).filter((id) => !routes.includes(id));
    this.#routes = routes;
    if (lost.length === 0) return;
    this.lastLost = { at: new Date(), routes: lost };
    log.warn({ lost }, 'routes left the table: what they served goes to direct as it came, until they are put back');
  }

  #refuse(problems: readonly ConfigProblem[]): ConfigRead {
    const { file, metrics, log } = this.#options;
    this.lastRefused = { at: new Date(), problems };
    metrics.reloadFailed();
    const report = formatProblems(file, problems);
    // At the start there is none, and whoever starts it says what is wrong.
    if (this.#routes) log.error({ problems: report.split('\n') }, 'config refused, the old table stays');
    return { ok: false, problems: report };
  }
}
