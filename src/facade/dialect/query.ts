import type { QueryRule } from '../config/schema.ts';
import { decodesTwiceOrControls, isVisibleAscii, percentDecode } from '../../http/percent.ts';
import { ok, untranslatable, type Conversion } from './result.ts';

/**
 * Queries for the gateway, of either dialect. Names are the same on both endpoints, so nothing is rewritten: the query
 * goes on byte for byte, or not at all. Not at all, when the gateway would drop a parameter without a word (unknown
 * names, `limit`, empty values), keep only the last of several, read it otherwise (`1_0` as 10, `+` as a space) or
 * answer 422 where Contact2Sale may not (`perpage=51`).
 *
 * From the gateway dialect to direct no function is needed: the query goes through unchanged, since Contact2Sale is
 * the one that judges it in the end, whichever path it takes.
 */

type ParameterRule = QueryRule[string];

/** @param rawQuery as sent, without the `?`; the value of an ok result is the same text. */
export function toGatewayQuery(rule: QueryRule, rawQuery: string): Conversion<string> {
  if (rawQuery === '') return ok('');
  // `;` once separated parameters too and still does for some servers; here it would be part of a value.
  if (!isVisibleAscii(rawQuery) || rawQuery.includes('#') || rawQuery.includes(';')) {
    return untranslatable('query holds unescaped characters');
  }
  const seen = new Set<string>();
  for (const pair of rawQuery.split('&')) {
    const equals = pair.indexOf('=');
    const written = equals < 0 ? pair : pair.slice(0, equals);
    const name = percentDecode(written);
    if (name === undefined || !Object.hasOwn(rule, name)) {
      return untranslatable('unknown query parameter', name ?? written);
    }
    if (seen.has(name)) return untranslatable('repeated query parameter', name);
    seen.add(name);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    if (!isReadAlike(rule[name], value)) {
      return untranslatable('the gateway would alter or refuse the query parameter', name);
    }
  }
  return ok(rawQuery);
}

/**
 * A raw `+` is a space to the gateway, and may be a plus to Contact2Sale (`phone=+55…`, `sort=+created_at`): nobody here
 * can tell, so such a value is left to direct. `%2B` and `%20` are clear.
 */
function isReadAlike(parameter: ParameterRule | undefined, raw: string): boolean {
  if (parameter === undefined || raw === '' || raw.includes('+')) return false;
  const value = percentDecode(raw);
  if (value === undefined || decodesTwiceOrControls(value)) return false;
  if (parameter.type === 'boolean') return value === 'true' || value === 'false';
  return parameter.type === 'string' || isPlainInteger(value, parameter);
}

const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/;

function isPlainInteger(value: string, { min = -Infinity, max = Infinity }: ParameterRule): boolean {
  if (!PLAIN_INTEGER.test(value)) return false;
  const number = Number(value);
  return Number.isSafeInteger(number) && number >= min && number <= max;
}
