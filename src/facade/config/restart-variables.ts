import { variableNames } from './environment.ts';
import type { ExtensionVariables } from './extension-variables.ts';
import type { PairVariables, Variables } from './variables.ts';

/**
 * Variables that are read at the start alone: tokens, ports, the database. One that changes in the .env file does nothing
 * until a restart, and whoever changed it must be told. The addresses of the two sides act at once, by way of the table.
 */
export class RestartVariables {
  readonly #names: readonly string[];
  #seen: Variables | undefined;

  /** @param env as it was read at the start; undefined: it could not be. */
  constructor(pair: PairVariables, env: Variables | undefined, extension?: ExtensionVariables) {
    const { direct, gateway } = pair;
    this.#names = variableNames(pair, extension).filter((name) => name !== direct.url && name !== gateway.url);
    this.#seen = env && this.#pick(env);
  }

  /** Names of those that differ from what was last looked at, each told once a change. */
  changed(env: Variables | undefined): string[] {
    const before = this.#seen;
    if (!env) return [];
    const now = (this.#seen = this.#pick(env));
    return before ? this.#names.filter((name) => now[name] !== before[name]) : [];
  }

  #pick(env: Variables): Variables {
    return Object.fromEntries(this.#names.map((name) => [name, (env[name] ?? '').trim()]));
  }
}
