/**
 * Texts of others, made fit for one line of our message. A name must not be able to begin a section, set the WhatsApp
 * tick, turn the reading direction, write markup into a CRM page, or carry our marker; and no field may push the others
 * out of the message.
 */

/** UTF-16 units. The longest street names have about 80. */
const MAX_FIELD_LENGTH = 160;

/** What the CRM's users see as a cut. */
const ELLIPSIS = '…';

const letters = new Intl.Segmenter('pt-BR', { granularity: 'grapheme' });

export const fieldText = (text: string): string => lineOf(text, MAX_FIELD_LENGTH);

/** Of a field that has a line to itself. @param longest UTF-16 units */
export function lineOf(text: string, longest: number): string {
  const line = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    // Joiners, direction marks and the like, and whatever is drawn as a picture: our sections begin with pictures.
    .replace(/[\p{Cf}\p{Emoji_Presentation}\u{FE0F}]/gu, '')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replace(/(c2)(s[^0-9a-z]{1,8}[0-9a-f]{8})/gi, '$1 $2')
    .replace(/ {2,}/g, ' ')
    .trim();
  return clipped(line, longest);
}

/** At most `longest` units, cut between two letters as a reader sees them, with an ellipsis for the rest. */
export function clipped(line: string, longest: number): string {
  if (line.length <= longest) return line;
  let end = 0;
  for (const { index, segment } of letters.segment(line)) {
    if (index + segment.length > longest - ELLIPSIS.length) break;
    end = index + segment.length;
  }
  return line.slice(0, end).trimEnd() + ELLIPSIS;
}

/** `12.345.678/0001-95`; otherwise as it came. */
export const cnpjText = (cnpj: string): string =>
  fieldText(cnpj).replace(/^(\d{2})(\d{3})(\d{3})(\d{4})(\d{2})$/, '$1.$2.$3/$4-$5');
