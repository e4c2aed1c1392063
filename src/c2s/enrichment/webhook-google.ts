import { z } from 'zod';
import { parseCpf, type Cpf } from './cpf.ts';
import { emailsIn } from './email.ts';
import { e164Phones } from './phone.ts';
import { known } from './untyped-json.ts';

/** The push of a lead form of Google Ads (docs/wire/enrichment.md). */

export interface GoogleLead {
  /** Google's id of the lead: the key by which a second delivery is recognised. */
  readonly leadId: string;
  readonly campaignId?: string;
  readonly formId?: string;
  readonly clickId?: string;
  /** Sent by Google's "send test data": to be answered, never to become a lead. */
  readonly isTest: boolean;
  readonly name?: string;
  /** In lower case, each once, in the order of the form; the first is the lead's. */
  readonly emails: readonly string[];
  /** In E.164, each once, in the order of the form; the first is the lead's. */
  readonly phones: readonly string[];
  /** That the person gave: nobody needs to be asked whose the contacts are. */
  readonly cpf?: Cpf;
  /** All other answers, in the order of the form, and those of which the fields above do not hold everything. */
  readonly answers: readonly GoogleAnswer[];
}

interface GoogleAnswer {
  readonly question: string;
  readonly answer: string;
}

type ReadGoogleLead =
  | { readonly kind: 'lead'; readonly lead: GoogleLead }
  /** Names fields, never values. */
  | { readonly kind: 'malformed'; readonly reasons: readonly string[] };

/** A number beyond 2^53 has lost digits before we see it, and two leads could then pass for one. */
const isId = (value: unknown): boolean =>
  typeof value === 'string' ? /\S/.test(value) && value.length <= 256 : Number.isSafeInteger(value);
const id = z.custom<string | number>(isId, 'must be text or a whole number').transform((value) => String(value).trim());
/** The key of a lead of Google's; undefined: it is no id. */
export const googleLeadKeyOf = (value: unknown): string | undefined => id.safeParse(value).data;
/** What only describes the lead must not cost us the lead. */
const optionalId = id.optional().catch(undefined);

const schema = z.looseObject({
  lead_id: id,
  campaign_id: optionalId,
  form_id: optionalId,
  gcl_id: optionalId,
  is_test: z.boolean('must be true or false').nullish(),
  user_column_data: z
    .array(
      z.looseObject({
        column_id: z.string().nullish(),
        column_name: z.string().nullish(),
        string_value: z.union([z.string(), z.number(), z.boolean()]).nullish(),
      }),
      'must be a list',
    )
    .nullish(),
});

type ColumnKind = 'name' | 'firstName' | 'lastName' | 'email' | 'phone' | 'cpf';

/**
 * The columns of Google's contact fields, and the names that the service before took beside them. Older forms give no
 * column_id, only the English name of the column.
 */
const COLUMNS: Readonly<Record<string, ColumnKind>> = {
  FULL_NAME: 'name',
  NAME: 'name',
  FIRST_NAME: 'firstName',
  LAST_NAME: 'lastName',
  EMAIL: 'email',
  USER_EMAIL: 'email',
  WORK_EMAIL: 'email',
  PHONE_NUMBER: 'phone',
  PHONE: 'phone',
  USER_PHONE: 'phone',
  WORK_PHONE: 'phone',
  CPF: 'cpf',
  DOCUMENT: 'cpf',
  GOVERNMENT_ISSUED_ID_CPF_BR: 'cpf',
};

/** What Google's push shows in its body; undefined: nothing. */
export const googleKeyOf = (body: unknown): unknown =>
  (body as { google_key?: unknown } | null | undefined)?.google_key;

/** @param body parsed JSON of any shape; never throws */
export function readGoogleLead(body: unknown): ReadGoogleLead {
  const read = schema.safeParse(body);
  if (!read.success) {
    return {
      kind: 'malformed',
      reasons: read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    };
  }
  const { lead_id: leadId, campaign_id: campaignId, form_id: formId, gcl_id: clickId, is_test: isTest } = read.data;
  const person = readColumns(read.data.user_column_data ?? []);
  return { kind: 'lead', lead: known({ leadId, campaignId, formId, clickId, isTest: isTest ?? false, ...person }) };
}

type GoogleColumn = NonNullable<z.output<typeof schema>['user_column_data']>[number];
type Person = Pick<GoogleLead, 'name' | 'emails' | 'phones' | 'cpf' | 'answers'>;

/** A field may hold several values, and a form several fields of a kind: none of them is dropped. */
function readColumns(columns: readonly GoogleColumn[]): Person {
  const names: Partial<Record<'name' | 'firstName' | 'lastName', string>> = {};
  const emails = new Set<string>();
  const phones = new Set<string>();
  const answers: GoogleAnswer[] = [];
  const partsOfName: GoogleAnswer[] = [];
  let cpf: Cpf | undefined;
  for (const { column_id: columnId, column_name: columnName, string_value: value } of columns) {
    const text = String(value ?? '').trim();
    if (text === '') continue;
    const kind = kindOf(columnId, columnName);
    const answer = { question: columnName ?? columnId ?? '', answer: text };
    if (kind === 'email' || kind === 'phone') {
      const found = kind === 'email' ? emailsIn(text) : e164Phones(text);
      for (const one of found) (kind === 'email' ? emails : phones).add(one);
      if (!isAllOf(text, found)) answers.push(answer);
    } else if (kind === 'cpf') {
      cpf ??= writtenCpf(text);
      answers.push(answer);
    } else if (kind === undefined || names[kind] !== undefined) answers.push(answer);
    else {
      names[kind] = text;
      if (kind !== 'name') partsOfName.push(answer);
    }
  }
  // Beside a whole name they are answers like any other, unless they say the same.
  const { name: whole } = names;
  if (whole !== undefined) answers.push(...partsOfName.filter(({ answer }) => !whole.includes(answer)));
  const parts = [names.firstName, names.lastName].filter((part) => part !== undefined).join(' ');
  const name = whole ?? (parts || undefined);
  return known({ name, emails: [...emails], phones: [...phones], cpf, answers });
}

/** A question of the advertiser's own may ask for the CPF in any words. */
function kindOf(columnId: string | null | undefined, columnName: string | null | undefined): ColumnKind | undefined {
  const column = (columnId ?? columnName ?? '').trim().toUpperCase().replace(/\s+/g, '_');
  return COLUMNS[column] ?? (/cpf/i.test(columnName ?? '') ? 'cpf' : undefined);
}

/** All eleven digits: a shorter document, such as an identity card's, must not be filled up to somebody else's CPF. */
const writtenCpf = (text: string): Cpf | undefined =>
  text.replace(/\D/g, '').length === 11 ? parseCpf(text) : undefined;

/** Whether the values found are all that the text says: it holds no further words, and no further number or address. */
function isAllOf(text: string, found: readonly string[]): boolean {
  if (found.length === 0) return false;
  const words = text.split(/[\s;,|/]+/).filter((word) => word !== '');
  const isEmail = found.some((one) => one.includes('@'));
  if (isEmail) return words.length === found.length;
  return !/\p{L}/u.test(text) && words.join('').replace(/\D/g, '').length <= found.join('').length;
}
