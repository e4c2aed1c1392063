/** What the palette lists. */

export interface Command {
  readonly kind: 'page' | 'route';
  readonly name: string;
  readonly href: string;
}

const MAX_SHOWN = 12;

/** Those that hold all the words, in any place; what begins with the first one first. */
export function found(commands: readonly Command[], search: string): readonly Command[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = commands.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const rank = ({ name }: Command): number => (name.toLowerCase().startsWith(words[0] ?? '') ? 0 : 1);
  return matching.toSorted((one, other) => rank(one) - rank(other)).slice(0, MAX_SHOWN);
}
