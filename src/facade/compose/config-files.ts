import { codeOf } from '../../http/error-code.ts';
import type { Logger } from '../../http/log.ts';
import { readTextSync } from '../../http/read-file.ts';
import { watchConfig, type ConfigWatch } from '../../http/watch.ts';
import { ConfigRefused } from '../config/config-refused.ts';
import { halfWritten } from '../config/half-written.ts';
import type { ExtensionVariables } from '../config/extension-variables.ts';
import { RestartVariables } from '../config/restart-variables.ts';
import { variablesIn, type PairVariables, type Variables } from '../config/variables.ts';
import type { LoadedConfig } from '../forward/reload.ts';

interface ConfigFilesOptions {
  readonly file: string;
  /** Watched like the config file: a variable emptied there acts at once. */
  readonly envFile: string | undefined;
  /** The variables that ${NAME} in the config file stands for, read anew at every load. */
  readonly variables: () => Variables;
  /** Names of the variables that the table reads; a change of any other one takes a restart. */
  readonly pair: PairVariables;
  /** Those of the extension, if there is one. */
  readonly extension?: ExtensionVariables | undefined;
  readonly log: Logger;
}

interface Handlers {
  /** The text that serves now. */
  readonly inForce: () => string;
  readonly onChange: (text: string) => void;
  readonly onError: (error: Error) => void;
}

/** The config file and the .env file: where a config comes from, and how one learns that it changed. */
export class ConfigFiles {
  readonly #options: ConfigFilesOptions;
  readonly #restart: RestartVariables;
  #config: ConfigWatch | undefined;
  #env: ConfigWatch | undefined;

  constructor(options: ConfigFilesOptions) {
    this.#options = options;
    this.#restart = new RestartVariables(options.pair, this.#readableVariables(), options.extension);
  }

  get file(): string {
    return this.#options.file;
  }

  get variables(): () => Variables {
    return this.#options.variables;
  }

  /** What the file holds now. @throws ConfigRefused when it cannot be read. */
  read(): LoadedConfig {
    const { file, variables } = this.#options;
    const env = variables();
    try {
      const text = readTextSync(file);
      return { text, variables: variablesIn(text, env) };
    } catch (error) {
      const remedy = 'set FACADE_CONFIG to the rollout table, or write one with "c2s-facade init"';
      throw new ConfigRefused(`${file}: cannot be read (${codeOf(error)}); ${remedy}`);
    }
  }

  /** Once. A file that holds another text than the one in force has changed. */
  watch({ inForce, onChange, onError }: Handlers): void {
    const { file, envFile, log } = this.#options;
    const current = inForce();
    const changed = (text: string): void => {
      onChange(text);
      this.#tellRestarts();
    };
    const settleMs = (text: string): number | undefined => this.#settleMs(text, inForce());
    this.#config = watchConfig({ file, current, settleMs, onChange: changed, onError });
    if (envFile === undefined) return;
    // The table may be half written at this moment, and nobody said that it is not.
    const reload = (): void => void this.#config?.again();
    // Gone is a change too: the variables that stood in it are no longer set.
    const gone = (error: Error): void => {
      log.warn({ err: error }, 'the .env file cannot be read');
      reload();
    };
    this.#env = watchConfig({ file: envFile, onChange: reload, onError: gone });
  }

  /**
   * Reads both files again, now, and hands on even a text that did not change, or that looks half written: a human asked
   * for it. Arrow: it is handed around.
   */
  readonly reload = async (): Promise<void> => {
    await this.#config?.reload();
  };

  close(): void {
    this.#env?.close();
    this.#config?.close();
  }

  #settleMs(text: string, inForce: string): number | undefined {
    const half = halfWritten(text, inForce);
    if (!half) return undefined;
    const { file, log } = this.#options;
    const { sign, waitMs } = half;
    log.warn(
      { file },
      `the config file looks half written: ${sign}. It is taken when it stays so for ${waitMs / 1_000} s`,
    );
    return waitMs;
  }

  /** Says which variables changed that nobody reads again. */
  #tellRestarts(): void {
    const changed = this.#restart.changed(this.#readableVariables());
    if (changed.length === 0) return;
    const message = 'variables changed that are read at the start alone: restart the facade';
    this.#options.log.warn({ variables: changed }, message);
  }

  /** Undefined when the .env file cannot be read, which is told by whoever loads the table. */
  #readableVariables(): Variables | undefined {
    try {
      return this.#options.variables();
    } catch {
      return undefined;
    }
  }
}
