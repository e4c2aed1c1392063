import type { ApiPair } from '../rollout/api-pair.ts';
import { formatProblems, parseConfig, type ConfigProblem } from '../config/load.ts';
import { partOf } from '../config/part.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { TableSchema } from '../config/table-schema.ts';
import type { Variables } from '../config/variables.ts';
import { codeOf } from '../../http/error-code.ts';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Generation } from './generation.ts';
import { tableSettings } from './settings.ts';
import type { Table } from './table.ts';

/** The last load that was refused, for the admin API. */
interface RefusedLoad {
  readonly at: Date;
  readonly problems: readonly ConfigProblem[];
}

/** A config that was good: the file's text, with the values of the variables that it names. */
export interface LoadedConfig {
  readonly text: string;
  readonly variables: Variables;
}

type Loaded =
  | { readonly ok: true; readonly config: FacadeConfig; readonly generation: Generation }
  | { readonly ok: false; /** For a human, one a line. */ readonly problems: string };

export interface LoaderOptions {
  readonly file: string;
  readonly pair: ApiPair;
  /** Left out: the engine's alone. */
  readonly schema?: TableSchema | undefined;
  readonly table: Table;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Read anew at every load, so that a variable emptied in the .env file acts. */
  readonly variables: () => Variables;
  /** Sees every good file and says what is in force instead: flips that stand elsewhere are laid over it. */
  readonly take?: (written: FacadeConfig, text: string) => FacadeConfig;
  /** Processes that serve together; each has its part of every limit. */
  readonly workers?: number;
}

/**
 * Turns the text of the config file into the generation that serves. A good text becomes a new generation; of a bad one
 * every problem is logged, the old table stays, and the metric says so.
 */
export class Loader {
  readonly #options: LoaderOptions;
  #hasTable = false;
  lastRefused: RefusedLoad | undefined;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** @param env what ${NAME} stands for; left out: what it does now. */
  load(text: string, env = this.#options.variables()): Loaded {
    const { pair, schema, table, metrics, log, take = (written) => written, workers = 1 } = this.#options;
    const parsed = parseConfig(text, env, schema);
    if (!parsed.ok) return this.#refuse(parsed.problems);
    const { revision } = parsed;
    const config = partOf(take(parsed.config, text), workers, schema?.section);
    const generation = table.build(tableSettings(config, pair, revision));
    this.#hasTable = true;
    this.lastRefused = undefined;
    metrics.reloaded(revision);
    log.info({ revision, routes: generation.entries.length }, 'config loaded');
    return { ok: true, config, generation };
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

  #refuse(problems: readonly ConfigProblem[]): Loaded {
    const { file, metrics, log } = this.#options;
    this.lastRefused = { at: new Date(), problems };
    metrics.reloadFailed();
    const report = formatProblems(file, problems);
    // At the start there is none, and whoever starts it says what is wrong.
    if (this.#hasTable) log.error({ problems: report.split('\n') }, 'config refused, the old table stays');
    return { ok: false, problems: report };
  }
}
