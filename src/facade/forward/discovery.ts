import { strangersPart, type CallerStanding } from '../../http/standing.ts';

/**
 * What the passthrough serves: legacy calls that are missing from the table. Grouped by a guessed template, so that
 * ids do not make a thousand rows of one operation; no query and no value is kept. Bounded, and strangers fill their part
 * of it only: a scanner must not hide what a known caller misses.
 */

interface Discovered {
  readonly method: string;
  /** `/integration/leads/:id/history` */
  readonly template: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly lastSeen: number;
}

const MAX_ROWS = 500;
const DEEPEST = 12;
const MAX_SEGMENT_LENGTH = 64;
/** Stands for all that no longer found a place. */
const OTHER = '(other)';

interface UnclaimedRow {
  method: string;
  template: string;
  count: number;
  lastSeen: number;
  /** Only strangers asked for it so far. */
  isStrangers: boolean;
}

export class Discovery {
  readonly #seen = new Map<string, UnclaimedRow>();
  #strangersRows = 0;
  /** Share of the rows, 0..1, that strangers cannot take. */
  knownShare: number;

  constructor(knownShare: number) {
    this.knownShare = knownShare;
  }

  /** @param path raw path without query. @param now milliseconds since the epoch. */
  observe(method: string, path: string, now: number, standing: CallerStanding): void {
    const template = guessTemplate(path);
    const key = `${method} ${template}`;
    const row = this.#seen.get(key) ?? this.#newRow(key, method, template, standing);
    // What a known caller asks for is a known caller's row, whoever asked for it first.
    if (row.isStrangers && standing === 'known') {
      row.isStrangers = false;
      this.#strangersRows--;
    }
    row.count++;
    row.lastSeen = now;
  }

  #newRow(key: string, method: string, template: string, standing: CallerStanding): UnclaimedRow {
    const isStrangers = standing === 'stranger';
    const isFull = isStrangers && this.#strangersRows >= strangersPart(MAX_ROWS, this.knownShare);
    // The row of all others is no caller's, and not one of the MAX_ROWS.
    const rows = this.#seen.size - (this.#seen.has(OTHER) ? 1 : 0);
    if (isFull || rows >= MAX_ROWS) return this.#otherRow();
    if (isStrangers) this.#strangersRows++;
    const row = { method, template, count: 0, lastSeen: 0, isStrangers };
    this.#seen.set(key, row);
    return row;
  }

  #otherRow(): UnclaimedRow {
    let row = this.#seen.get(OTHER);
    if (!row)
      this.#seen.set(OTHER, (row = { method: '*', template: OTHER, count: 0, lastSeen: 0, isStrangers: false }));
    return row;
  }

  /** The busiest first. */
  list(): Discovered[] {
    return [...this.#seen.values()]
      .map(({ method, template, count, lastSeen }) => ({ method, template, count, lastSeen }))
      .sort((a, b) => b.count - a.count);
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
  if (segment.length > MAX_SEGMENT_LENGTH) return false;
  return WORD.test(segment) && !/^[0-9a-f]{8,}$/.test(segment);
}
