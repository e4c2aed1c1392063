import { hash } from 'node:crypto';
import { isRecord } from './loose.ts';

/**
 * The second line of every message of ours. After a crash between "about to send" and "sent" the lead's messages are
 * read, and this line says whether it arrived; so it must be found again after a CRM has trimmed, wrapped or escaped
 * the text, and nobody must be able to write it into a field beforehand: it is the digest of a random id.
 */

const DIGITS = 12;

/** `ref. c2s-3f9a1c04b7de` for an enrichment's id. */
export const markerOf = (enrichmentId: string): string =>
  `ref. c2s-${hash('sha256', enrichmentId, 'hex').slice(0, DIGITS)}`;

/** `cannot-tell`: the messages are absent or of a shape that shows no text, so nothing may be sent on their word. */
type Marked = 'yes' | 'no' | 'cannot-tell';

/** How deep a message may hold its text: `{attributes: {body: …}}`, and one more for an envelope. */
const DEEPEST = 3;

/**
 * Whether one of a lead's messages carries the marker.
 * @param messages as {@link Lead.messages} has them: a list of texts or of objects, of any field names
 */
export function findMarked(messages: unknown, marker: string): Marked {
  const list = isRecord(messages) && Array.isArray(messages['data']) ? messages['data'] : messages;
  if (!Array.isArray(list)) return 'cannot-tell';
  const all = (list as unknown[]).map((message) => textsIn(message, DEEPEST));
  const pattern = patternOf(marker);
  if (all.flat().some(({ text }) => pattern.test(text))) return 'yes';
  return all.every((texts) => texts.some(isProse)) ? 'no' : 'cannot-tell';
}

/** Anything between the letters and the digits that a CRM may have put there or made of the hyphen. */
function patternOf(marker: string): RegExp {
  const digits = /[0-9a-f]+$/.exec(marker)?.[0] ?? '';
  return new RegExp(`c2s(?:&#?\\w{1,8};|[^0-9a-z&]){1,8}${digits}(?![0-9a-f])`, 'i');
}

interface Found {
  /** Name of the field; undefined: the message is the text itself. */
  readonly name: string | undefined;
  readonly text: string;
}

/** The field names under which a message shows its text, however short that is. */
const TEXT_FIELD = /^(?:body|message|text|content|description|mensagem|texto)$/i;

/** Not an id, a type or a date: a message that shows only those does not show its text. */
function isProse({ name, text }: Found): boolean {
  if (name === undefined || TEXT_FIELD.test(name)) return true;
  return /\s/.test(text.trim()) && !/^[\d\s:.,TZ+/-]+$/.test(text.trim());
}

function textsIn(value: unknown, depth: number, name?: string): readonly Found[] {
  if (typeof value === 'string') return [{ name, text: value }];
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, depth - 1, key));
}
