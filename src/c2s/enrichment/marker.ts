import { createHmac, hash } from 'node:crypto';
import { isRecord } from './untyped-json.ts';

/**
 * The second line of every message of ours: `ref. c2s-3f9a1c04b7de-9f31c2`. After a crash between "about to send" and
 * "sent" the lead's messages are read, and this line says whether the message arrived; so it must be found again after a
 * CRM has trimmed, wrapped or escaped the text, and nobody must be able to write it into a field beforehand.
 *
 * The twelve digits are the digest of the enrichment's random id. The six digits are a keyed digest of the lead's id:
 * they tell a message of ours from a text that only looks like one, without the database, which may have been set back
 * to a time before the message.
 */

const DIGITS = 12;
const TAG_DIGITS = 6;

/** `ref. c2s-3f9a1c04b7de` for an enrichment's id: what its message is found by. */
export const markerOf = (enrichmentId: string): string =>
  `ref. c2s-${hash('sha256', enrichmentId, 'hex').slice(0, DIGITS)}`;

/** Writes and recognises the markers of this deployment. */
export class Marks {
  readonly #key: string;

  /** @param key a secret that every instance has and that a restored database does not change. */
  constructor(key: string) {
    this.#key = key;
  }

  /** The line of a message. */
  lineOf(enrichmentId: string, leadId: string): string {
    return `${markerOf(enrichmentId)}-${this.#tagOf(leadId)}`;
  }

  /** The markers of ours, `ref. c2s-3f9a1c04b7de`, that a lead's messages show, each once. */
  shownIn(messages: unknown, leadId: string): readonly string[] {
    const texts = listOf(messages)?.flatMap((message) => textsIn(message, DEEPEST)) ?? [];
    const tag = this.#tagOf(leadId);
    const shown = texts.flatMap(({ text }) => [...text.matchAll(LINE)]);
    const ours = shown.filter(([, , found]) => found?.toLowerCase() === tag);
    return [...new Set(ours.map(([, digits = '']) => `ref. c2s-${digits.toLowerCase()}`))];
  }

  #tagOf(leadId: string): string {
    return createHmac('sha256', this.#key).update(`lead ${leadId}`).digest('hex').slice(0, TAG_DIGITS);
  }
}

/** Anything that a CRM may have put in the place of a hyphen or made of it. */
const GAP = '(?:&#?\\w{1,8};|[^0-9a-z&]){1,8}';
const LINE = new RegExp(`c2s${GAP}([0-9a-f]{${DIGITS}})${GAP}([0-9a-f]{${TAG_DIGITS}})(?![0-9a-f])`, 'gi');

/** `cannot-tell`: the messages are absent or of a shape that shows no text, so nothing may be sent on their word. */
type Marked = 'yes' | 'no' | 'cannot-tell';

/** How deep a message may hold its text: `{attributes: {body: …}}`, and one more for an envelope. */
const DEEPEST = 3;

/**
 * Whether one of a lead's messages carries the marker.
 * @param messages as {@link Lead.messages} has them: a list of texts or of objects, of any field names
 */
export function findMarked(messages: unknown, marker: string): Marked {
  const all = listOf(messages)?.map((message) => textsIn(message, DEEPEST));
  if (!all) return 'cannot-tell';
  const pattern = patternOf(marker);
  if (all.flat().some(({ text }) => pattern.test(text))) return 'yes';
  return all.every((texts) => texts.some(isProse)) ? 'no' : 'cannot-tell';
}

function listOf(messages: unknown): unknown[] | undefined {
  const list = isRecord(messages) && Array.isArray(messages['data']) ? messages['data'] : messages;
  return Array.isArray(list) ? (list as unknown[]) : undefined;
}

function patternOf(marker: string): RegExp {
  const digits = /c2s-([0-9a-f]+)/.exec(marker)?.[1] ?? '';
  return new RegExp(`c2s${GAP}${digits}(?![0-9a-f])`, 'i');
}

interface MarkerText {
  /** Name of the field; undefined: the message is the text itself. */
  readonly name: string | undefined;
  readonly text: string;
}

/** The field names under which a message shows its text, however short that is. */
const TEXT_FIELD = /^(?:body|message|text|content|description|mensagem|texto)$/i;

/** Not an id, a type or a date: a message that shows only those does not show its text. */
function isProse({ name, text }: MarkerText): boolean {
  if (name === undefined || TEXT_FIELD.test(name)) return true;
  return /\s/.test(text.trim()) && !/^[\d\s:.,TZ+/-]+$/.test(text.trim());
}

function textsIn(value: unknown, depth: number, name?: string): readonly MarkerText[] {
  if (typeof value === 'string') return [{ name, text: value }];
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, depth - 1, key));
}
