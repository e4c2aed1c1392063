/**
 * `${NAME}` in the URL of an upstream, and in the URL and the secret of a notification's target: the places where the file
 * reads the environment, so that the same file serves every environment, and no secret stands in it. An empty variable counts as unset, because an empty address of the gateway is how it is switched off.
 */

export type Variables = Readonly<Record<string, string | undefined>>;

/** Names of the variables that hold the address and the token of each side: what a pair of APIs calls them. */
export interface PairVariables {
  readonly direct: { readonly url: string; readonly token: string };
  readonly gateway: { readonly url: string; readonly token: string };
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

interface Expanded {
  readonly text: string;
  /** Names that are not set, each once. */
  readonly missing: readonly string[];
}

/** Replaces every `${NAME}`; surrounding white space of a value is dropped (a stray newline of a secret mount). */
export function expandVariables(text: string, env: Variables): Expanded {
  const missing = new Set<string>();
  const expanded = text.replace(VARIABLE, (_, name: string) => {
    const value = env[name]?.trim() ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  return { text: expanded, missing: [...missing] };
}

/** Those named whose value is blanks alone: a value that was cut off, and no order to switch the gateway off. */
export const blankIn = (text: string, env: Variables): string[] =>
  Object.entries(variablesIn(text, env))
    .filter(([, value]) => value !== undefined && value !== '' && value.trim() === '')
    .map(([name]) => name);

/** The variables that the text names, with their values: all of the environment that a config file depends on. */
export function variablesIn(text: string, env: Variables): Variables {
  return Object.fromEntries([...text.matchAll(VARIABLE)].map(([, name = '']) => [name, env[name]]));
}

export const namesVariable = (text: string) => text.includes('${');
