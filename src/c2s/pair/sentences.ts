/**
 * What an error answer may say. A known caller sends its request again, messages included, whenever the text of an
 * error holds 500, 502, 503, 504, 429, "network" and the like *anywhere*; another reads the text aloud in its logs. So
 * sentences of our own hold no digits at all (so no name of a product with one), and a text from upstream is passed on only when it is quiet: short, and
 * without those words, addresses or control characters. The callers: docs/wire/contact2sale.md.
 */

const SENTENCES: ReadonlyMap<number, string> = new Map([
  [400, 'The request was not understood.'],
  [401, 'The credentials were not accepted.'],
  [403, 'These credentials do not allow this.'],
  [404, 'Not found.'],
  [405, 'Method not allowed.'],
  [409, 'This conflicts with the present state.'],
  [410, 'No longer there.'],
  [413, 'The body is too large.'],
  [415, 'This kind of body is not understood.'],
  [422, 'The request was refused: a field is missing or not acceptable.'],
  [429, 'Too many requests: wait before the next one.'],
  [502, 'The CRM gave no usable answer.'],
  [503, 'The CRM cannot answer at present.'],
  [504, 'The CRM gave no answer in time.'],
]);

/** The sentence for a status; never empty. */
export function sentenceFor(status: number): string {
  const known = SENTENCES.get(status);
  if (known !== undefined) return known;
  return status >= 400 && status < 500 ? 'The request was refused.' : 'The CRM could not do this.';
}

const UNSAFE_WORDS = [
  '429',
  '500',
  '502',
  '503',
  '504',
  'network',
  'timeout',
  'timed out',
  'econn',
  'etimedout',
  'enotfound',
  'socket',
  'fetch failed',
  'rate limit',
  '://',
];
const MAX_SENTENCE_LENGTH = 300;

/** May a text that somebody else wrote be shown to a caller? */
export function isQuiet(text: string): boolean {
  if (text === '' || text.length > MAX_SENTENCE_LENGTH || !text.isWellFormed()) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return false;
  const lower = text.toLowerCase();
  return !UNSAFE_WORDS.some((word) => lower.includes(word));
}
