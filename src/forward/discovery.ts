/**
 * What the passthrough serves: legacy calls that are missing from the table. Grouped by a guessed template, so that
 * ids do not make a thousand rows of one operation; no query and no value is kept. Bounded: a scanner must not fill it.
 */

export interface Discovered {
  readonly method: string;
  /** `/integration/leads/:id/history` */
  readonly template: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly lastSeen: number;
}

const LARGEST = 500;
const DEEPEST = 12;
const LONGEST_SEGMENT = 64;
/** Stands for all that no longer found a place. */
const OTHER = '(other)';

export class Discovery {
  readonly #seen = new Map<string, { method: string; template: string; count: number; lastSeen: number }>();

  /** @param path raw path without query. @param now milliseconds since the epoch. */
  observe(method: string, path: string, now: number): void {
    const template = guessTemplate(path);
    const key = `${method} ${template}`;
    let row = this.#seen.get(key);
    if (!row) {
      const isFull = this.#seen.size >= LARGEST;
      const place = isFull ? OTHER : key;
      row = this.#seen.get(place) ?? {
        method: isFull ? '*' : method,
        template: isFull ? OTHER : template,
        count: 0,
        lastSeen: now,
      };
      this.#seen.set(place, row);
    }
    row.count++;
    row.lastSeen = now;
  }

  /** The busiest first. */
  list(): Discovered[] {
    return [...this.#seen.values()].map((row) => ({ ...row })).sort((a, b) => b.count - a.count);
  }
}

/** `/integration/leads/42/history` → `/integration/leads/:id/history`: what may be an id, or personal, is collapsed. */
export function guessTemplate(path: string): string {
  const segments = path.split('/', DEEPEST + 2);
  const shown = segments.slice(0, DEEPEST + 1).map((segment) => (isWord(segment) ? segment : ':id'));
  return shown.join('/') + (segments.length > DEEPEST + 1 ? '/…' : '');
}

/**
 * A word of an API: small letters, with `_` or `-` between, at most a version digit and a suffix such as `.json`. All
 * else may be a value: a capital letter or a dot is how names and addresses begin (`Maria`, `maria.silva`). What is
 * left is a name in small letters alone, which nothing tells from a word.
 */
const WORD = /^(?:v\d{1,2}|[a-z]+(?:[_-][a-z]+)*\d?(?:\.(?:json|xml|csv|html|pdf))?)$/;

function isWord(segment: string): boolean {
  if (segment === '') return true;
  if (segment.length > LONGEST_SEGMENT) return false;
  return WORD.test(segment) && !/^[0-9a-f]{8,}$/.test(segment);
}
