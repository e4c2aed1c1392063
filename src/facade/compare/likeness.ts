/**
 * What is left of a text whatever a service does to it on the way into its record: line ends, blanks, composed letters, escaped
 * signs, tags around it, emoji that its database cannot store, a cut. Two texts with one likeness may be the same.
 */
export function likenessOf(text: string): string {
  const plain = withoutTags(unescaped(text.slice(0, READ_CHARS)))
    .normalize('NFKD')
    .toLowerCase();
  let likeness = '';
  for (const sign of plain) {
    if (LETTER_OR_DIGIT.test(sign)) likeness += sign;
    if (likeness.length >= LIKENESS_CHARS) break;
  }
  return likeness;
}

/** Below the 255 characters at which databases cut most often, and beyond what two texts of one template share. */
const LIKENESS_CHARS = 120;
/** Bounds the work, however long a message is. */
const READ_CHARS = 4096;

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** `&amp;` comes last: `&amp;lt;` is the text `&lt;`. */
const ENTITIES: readonly (readonly [string, string])[] = [
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&#34;', '"'],
  ['&#39;', "'"],
  ['&#x27;', "'"],
  ['&apos;', "'"],
  ['&nbsp;', ' '],
  ['&amp;', '&'],
];

const unescaped = (text: string): string =>
  ENTITIES.reduce((rest, [entity, sign]) => rest.replaceAll(entity, sign), text);

function withoutTags(text: string): string {
  let kept = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('<', at);
    const close = open < 0 ? -1 : text.indexOf('>', open);
    if (close < 0) return kept + text.slice(at);
    kept += text.slice(at, open);
    at = close + 1;
  }
}
