import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/**
 * Phones from CRM fields, typed by people, to the one form in which Diretrix knows them: area code and number, without
 * the country code 55. `max` metadata, because the smaller sets call numbers valid that cannot be dialled.
 */

/** Kinds that many people share, so that whoever answers to one is not the person behind the lead. */
const SHARED = new Set(['TOLL_FREE', 'SHARED_COST', 'PREMIUM_RATE', 'UAN', 'VOICEMAIL']);

/** One field may hold several: `11 3000-0000 / 11 90000-0000`. */
const SEPARATORS = /[;,/|\n]|\s+(?:ou|e)\s+/i;

/** Behind a number: `ramal 12`, `r. 12`, `(WhatsApp)`. */
const TAIL = /\s*(?:\(?\p{L}.*)$/u;

/** A lead's phones in the form of Diretrix, each once, in the order in which they stand. What cannot be dialled is dropped. */
export function diretrixPhones(fields: readonly unknown[]): readonly string[] {
  const written = fields.flatMap((field) =>
    typeof field === 'number' ? [String(field)] : typeof field === 'string' ? field.split(SEPARATORS) : [],
  );
  return [...new Set(written.map(diretrixPhone).filter((phone) => phone !== undefined))];
}

/** One phone, or undefined: not Brazilian, without area code, or no number at all. */
export function diretrixPhone(written: string): string | undefined {
  const text = written
    .trim()
    .replace(TAIL, '')
    .replace(/^00\s*55/, '+55');
  const phone = parsePhoneNumberFromString(text, 'BR');
  if (phone?.country !== 'BR') return undefined;
  const number = phone.isValid() ? phone : withNinthDigit(phone.nationalNumber);
  if (!number || SHARED.has(number.getType() ?? '')) return undefined;
  return number.nationalNumber;
}

/**
 * Until 2016 mobiles had eight digits, beginning with 6 to 9 (landlines: 2 to 5). All of them got a 9 in front
 * (Anatel, Resolução 553/2010), so an old one names exactly one number of today, and old CRM records still hold them.
 */
function withNinthDigit(national: string) {
  const [, area, number] = /^(\d\d)([6-9]\d{7})$/.exec(national) ?? [];
  if (area === undefined || number === undefined) return undefined;
  const phone = parsePhoneNumberFromString(`+55${area}9${number}`);
  return phone?.isValid() ? phone : undefined;
}
