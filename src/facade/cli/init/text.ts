/**
 * Texts and names of a document that somebody else wrote: as they may stand in a comment or on a terminal, and as they
 * are compared. A name is compared by its words: `lead_tags`, `leadTags`, `Lead-Tag` are the same one.
 */

/** Characters; a longer segment is compared as it is written. */
const MAX_SEGMENT = 200;
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** One line without control characters, cut at `max` characters: a text of a document must not end a comment. */
export function oneLine(text: string, max = 200): string {
  const line = text
    .slice(0, 4 * max)
    .replace(CONTROLS, ' ')
    .trim();
  return line.length > max ? `${line.slice(0, max - 1).replace(CONTROLS, '')}…` : line;
}

/** `create_tag`, `createTag`, `create-tag` → `[create, tag]`. */
export function wordsOf(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2');
  return spaced
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

/**
 * A word without its plural. Not the singular of a dictionary, only the same text for both: companies and company are
 * `compani`, addresses and address are `addr`.
 */
function stemOf(word: string): string {
  const stem = word.replace(/[es]+$/, '').replace(/y$/, 'i');
  return stem === '' ? word : stem;
}

/** What two names must share to be the same segment of a path; the last word may be in the plural. */
export function segmentKey(name: string): string {
  if (name.length > MAX_SEGMENT) return name;
  const words = wordsOf(name);
  const last = words.pop();
  return last === undefined ? name : [...words, stemOf(last)].join('');
}

/** What two names must share to be the same field of a body. */
export const fieldKey = (name: string): string => wordsOf(name).join('') || name;

/** `[lead, tags]` → `leadTags`, of ASCII letters and digits alone; empty where there are none. */
export function camelCase(words: readonly string[]): string {
  const plain = words.map((word) => word.replace(/[^a-z0-9]/g, '')).filter((word) => word !== '');
  return plain.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}

/** `a, b, c and 7 more`. */
export function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map((name) => oneLine(name, 60));
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ');
}
