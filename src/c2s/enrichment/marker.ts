import { createHmac, hash } from 'node:crypto';
import { FIRST_LINES } from './message.ts';
import { saysMore } from '../../facade/compare/paged.ts';
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
    const ours = texts.flatMap(({ text }) => marksIn(plain(text))).filter((mark) => mark.tag === tag);
    return [...new Set(ours.map(({ digits }) => `ref. c2s-${digits}`))];
  }

  #tagOf(leadId: string): string {
    return createHmac('sha256', this.#key).update(`lead ${leadId}`).digest('hex').slice(0, TAG_DIGITS);
  }
}

/** Anything that a CRM may have put in the place of a hyphen or made of it. */
const GAP = '[^0-9a-z]{1,12}';
/** Where a line that is too long was broken. Only there: a space is how a field is kept from carrying a marker. */
const BREAK = '(?:[^0-9a-z\\r\\n]{0,8}[\\r\\n][^0-9a-z]{0,8})?';
const wrapped = (digits: number): string => `((?:[0-9a-f]${BREAK}){${digits - 1}}[0-9a-f])(?![0-9a-f])`;
/** With the tag or, of an older version, without. */
const MARK = new RegExp(`c${BREAK}2${BREAK}s${GAP}${wrapped(DIGITS)}(?:${GAP}${wrapped(TAG_DIGITS)})?`, 'gi');

interface Mark {
  readonly digits: string;
  readonly tag: string | undefined;
}

function marksIn(text: string): readonly Mark[] {
  return [...text.matchAll(MARK)].map(([, digits = '', tag]) => ({
    digits: squeeze(digits),
    tag: tag === undefined ? undefined : squeeze(tag),
  }));
}

const squeeze = (text: string): string => text.toLowerCase().replace(/[^0-9a-z]+/g, '');

/** The text before a CRM encoded it for a URL, for JSON or for HTML, as far as markers and line breaks go. */
function plain(text: string): string {
  return text
    .replace(/%(?:25)*([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\\u[0-9a-f]{4}/gi, '-')
    .replace(/\\[rn]|<br ?\/?>|&(?:amp;)*#(?:1[03]|x0?[ad]);/gi, '\n')
    .replace(/&(?:amp;)*#?\w{1,8};/g, '-')
    .replace(/<[^<>]{1,80}>/g, '-')
    .replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, '');
}

/** `cannot-tell`: the messages are absent or of a shape that shows no text, so nothing may be sent on their word. */
type Marked = 'yes' | 'no' | 'cannot-tell';

/** How deep a message may hold its text: `{attributes: {body: …}}`, and one more for an envelope. */
const DEEPEST = 3;

/**
 * Whether one of a lead's messages carries the marker. `no` takes every message, whole as far as our second line.
 * @param messages as {@link Lead.messages} has them: a list of texts or of objects, of any field names
 */
export function findMarked(messages: unknown, marker: string): Marked {
  const all = listOf(messages)?.map((message) =>
    textsIn(message, DEEPEST).map(({ name, text }) => readText(name, text)),
  );
  if (!all) return 'cannot-tell';
  const digits = marksIn(marker)[0]?.digits;
  if (all.flat().some(({ marks }) => marks.some((mark) => mark.digits === digits))) return 'yes';
  if (saysMore(messages) || all.flat().some(mayBeOurs)) return 'cannot-tell';
  return all.every((texts) => texts.some(isProse)) ? 'no' : 'cannot-tell';
}

const readText = (name: string | undefined, text: string) => {
  const read = plain(text);
  return { name, text, plain: read, marks: marksIn(read) };
};

const BEGINNINGS = FIRST_LINES.map(squeeze);
const MARK_LENGTH = 'refc2s'.length + DIGITS;
/** Letters by which a first line of ours is recognised; fewer stand in what people write, too. */
const TELLING_LENGTH = 12;

/**
 * It begins like a message of ours, and shows nobody's marker: because it was cut off before, or because something was
 * done to it that we do not know. A whole one without a marker is the old service's.
 */
function mayBeOurs(message: ReturnType<typeof readText>): boolean {
  if (message.marks.length > 0 || !isProse(message)) return false;
  const letters = squeeze(message.plain);
  const shown = squeeze(message.plain.split(/…|\.{3}/, 1)[0] ?? '');
  return BEGINNINGS.some((beginning) => {
    if (shown.length < TELLING_LENGTH && shown !== '' && beginning.startsWith(shown)) return true;
    const at = letters.indexOf(beginning.slice(0, TELLING_LENGTH));
    if (at < 0) return false;
    return letters.length - at < beginning.length + MARK_LENGTH || letters.includes('refc2s', at);
  });
}

function listOf(messages: unknown): unknown[] | undefined {
  const list = isRecord(messages) && Array.isArray(messages['data']) ? messages['data'] : messages;
  return Array.isArray(list) ? (list as unknown[]) : undefined;
}

interface MarkerText {
  /** Name of the field; undefined: the message is the text itself. */
  readonly name: string | undefined;
  readonly text: string;
}

/** The field names under which a message shows its text, however short that is. */
const TEXT_FIELD = /^(?:body|message|text|content|description|mensagem|texto)$/i;

/** Not blank, nor an id, a type or a date: a message that shows only those does not show its text. */
function isProse({ name, text }: MarkerText): boolean {
  if (text.trim() === '') return false;
  if (name === undefined || TEXT_FIELD.test(name)) return true;
  return /\s/.test(text.trim()) && !/^[\d\s:.,TZ+/-]+$/.test(text.trim());
}

function textsIn(value: unknown, depth: number, name?: string): readonly MarkerText[] {
  if (typeof value === 'string') return [{ name, text: value }];
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, depth - 1, key));
}
