import { formatProblems, parseConfig, type ConfigProblem } from '../config/load.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Generation } from './generation.ts';
import { tableSettings } from './settings.ts';
import type { Table } from './table.ts';

/** The last load that was refused, for the admin API. */
export interface RefusedLoad {
  readonly at: Date;
  readonly problems: readonly ConfigProblem[];
}

export interface Loaded {
  readonly config: FacadeConfig;
  readonly generation: Generation;
}

/**
 * Turns the text of the config file into the generation that serves. A good text is swapped in whole; of a bad one
 * every problem is logged, the old table stays, and the metric says so. A text that did not change changes nothing.
 */
export class Loader {
  readonly #table: Table;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #file: string;
  readonly #env: () => Record<string, string | undefined>;
  lastRefused: RefusedLoad | undefined;

  /** @param env read anew at every load, so that a variable emptied in the .env file acts. */
  constructor(file: string, table: Table, metrics: Metrics, log: Logger, env: () => Record<string, string | undefined>) {
    this.#file = file;
    this.#table = table;
    this.#metrics = metrics;
    this.#log = log;
    this.#env = env;
  }

  /** The next generation, or the problems for a human, one a line. */
  load(text: string): Loaded | { readonly problems: string } {
    const parsed = parseConfig(text, this.#env());
    if (!parsed.ok) return this.#refuse(parsed.problems);
    const generation = this.#table.build(tableSettings(parsed.config, parsed.revision));
    this.lastRefused = undefined;
    this.#metrics.reloaded(parsed.revision);
    this.#log.info({ revision: parsed.revision, routes: generation.entries.length }, 'config loaded');
    return { config: parsed.config, generation };
  }

  #refuse(problems: readonly ConfigProblem[]): { readonly problems: string } {
    this.lastRefused = { at: new Date(), problems };
    this.#metrics.reloadFailed();
    const report = formatProblems(this.#file, problems);
    this.#log.error({ problems: report.split('\n') }, 'config refused, the old table stays');
    return { problems: report };
  }
}
