/** Variables by the names that they had in a service which one of ours replaces. */

export type FormerName =
  /** The same setting, and what it is called now. */
  | { readonly now: string }
  /** No setting of ours: what to do about it, as a sentence without its full stop. `isFault`: it keeps us from starting. */
  | { readonly instead: string; readonly isFault: boolean };

export type FormerNames = Readonly<Record<string, FormerName>>;

interface ResolvedNames {
  /** As they were given, and the former ones by their new names too. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `NAME: what is wrong`, never with a value. */
  readonly problems: readonly string[];
  /** In the same form, to be told once. */
  readonly warnings: readonly string[];
}

/**
 * Reads former names as the new ones. An empty variable counts as unset under either name. One setting under two names
 * with two values is a problem: whichever won, somebody would look at the other.
 */
export function resolveFormerNames(
  given: Readonly<Record<string, string | undefined>>,
  names: FormerNames = {},
): ResolvedNames {
  const variables = { ...given };
  const problems: string[] = [];
  const warnings: string[] = [];
  /** Under which former name a new one was found. */
  const source = new Map<string, string>();
  for (const [former, meaning] of Object.entries(names)) {
    const value = given[former]?.trim() ?? '';
    if (value === '') continue;
    if ('instead' in meaning) {
      (meaning.isFault ? problems : warnings).push(`${former}: ${meaning.instead}`);
      continue;
    }
    const { now } = meaning;
    const current = variables[now]?.trim() ?? '';
    if (current === '') {
      variables[now] = value;
      source.set(now, former);
      warnings.push(`${former}: is the former name of ${now} and is read as that; write ${now}`);
    } else if (current === value) {
      warnings.push(`${former}: is the former name of ${now}, which is set too; remove ${former}`);
    } else {
      const other = source.get(now) ?? now;
      problems.push(`${former}: is a former name of ${now} and is not the same as ${other}; write ${now} alone`);
    }
  }
  return { variables, problems, warnings };
}
