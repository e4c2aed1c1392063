import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { textOf } from './untyped-json.ts';

/**
 * Phones from CRM fields, typed by people, to the one form in which Diretrix knows them: area code and number, without
 * the country code 55. `max` metadata, because the smaller sets call numbers valid that cannot be dialled.
 */

/** Kinds that many people share, so that whoever answers to one is not the person behind the lead. */
const SHARED = new Set(['TOLL_FREE', 'SHARED_COST', 'PREMIUM_RATE', 'UAN', 'VOICEMAIL']);

/** One field may hold several: `11 3000-0000 / 11 90000-0000`. */
const SEPARATORS = /[;,/|\n]|\s+(?:ou|e)\s+/i;

/** In front of a number: `Cel: `, and `p:`, which Facebook's exports write. Behind it: `ramal 12`, `(WhatsApp)`. */
const HEAD = /^[^\d+(]+/;
const TAIL = /\s*\(?\p{L}.*$/u;

/** Characters of a field that are looked at; the longest real ones hold three numbers and their labels. */
const MAX_FIELD_LENGTH = 200;

/** A lead's phones in the form of Diretrix, each once, in the order in which they stand. What cannot be dialled is dropped. */
export function diretrixPhones(fields: readonly unknown[]): readonly string[] {
  return [
    ...new Set(
      fields
        .flatMap(writtenIn)
        .map(diretrixPhone)
        .filter((phone) => phone !== undefined),
    ),
  ];
}

/** The phones of a field in E.164 (`+5511900000000`), each once; without a country code they are Brazilian. */
export function e164Phones(field: unknown): readonly string[] {
  const phones = writtenIn(field).map((written) => parsed(written)?.number);
  return [...new Set(phones.filter((phone) => phone !== undefined))];
}

const writtenIn = (field: unknown): readonly string[] =>
  (textOf(field)?.slice(0, MAX_FIELD_LENGTH) ?? '').split(SEPARATORS);

/** One phone, or undefined: not Brazilian, without area code, or no number at all. */
export function diretrixPhone(written: string): string | undefined {
  const phone = parsed(written);
  return phone?.country === 'BR' && !SHARED.has(phone.getType() ?? '') ? phone.nationalNumber : undefined;
}

function parsed(written: string) {
  const bare = written.slice(0, MAX_FIELD_LENGTH).replace(HEAD, '').replace(TAIL, '');
  const phone = parsePhoneNumberFromString(bare.replace(/^00\s*55/, '+55'), 'BR');
  if (phone?.isValid()) return phone;
  return phone?.country === 'BR' ? withNinthDigit(phone.nationalNumber) : undefined;
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
