import { emailsIn } from './email.ts';
import { isRecord, known, textOf, trustedId } from './untyped-json.ts';
import { diretrixPhones } from './phone.ts';

/**
 * What the enrichment needs of a lead, read out of Contact2Sale's answer. Liberal: JSON:API with or without the
 * envelope, a list of one, attributes beside the id. Nothing else of the answer is touched or kept.
 */
interface Lead {
  readonly id: string;
  readonly customerName?: string;
  /** In the form of Diretrix: phone, phone2, phone_global, each once. */
  readonly phones: readonly string[];
  /** In lower case, each once. */
  readonly emails: readonly string[];
  /**
   * As they came. Undefined: the answer said nothing of messages, which is not the same as none, and whoever looks for
   * a message of ours must not take it for "not there".
   */
  readonly messages?: unknown;
}

type ReadLead =
  | { readonly ok: true; readonly lead: Lead }
  | { readonly ok: false; readonly reason: 'not a lead' | 'several leads' | 'another lead' };

/**
 * Reads the parsed body of a lead answer; never throws.
 * @param askedId of the lead that was asked for: what is read of another one would be written onto this one.
 */
export function readLead(answer: unknown, askedId: string): ReadLead {
  const found = unwrap(answer);
  if (found === 'several leads') return { ok: false, reason: found };
  const id = idOf(found);
  if (!isRecord(found) || id === undefined) return { ok: false, reason: 'not a lead' };
  if (!ID_NAMES.some((name) => trustedId(found[name]) === askedId.trim())) return { ok: false, reason: 'another lead' };
  const attributes = isRecord(found['attributes']) ? found['attributes'] : found;
  const customer = attributes['customer'];
  // Flat answers carry the customer's name in the place of the customer, and phones beside it.
  const contact = isRecord(customer) ? customer : attributes;
  const name = textOf(isRecord(customer) ? customer['name'] : (customer ?? attributes['name']));
  return {
    ok: true,
    lead: known({
      id,
      customerName: name,
      phones: diretrixPhones([contact['phone'], contact['phone2'], contact['phone_global']]),
      emails: emailsIn(contact['email']),
      messages: attributes['messages'] ?? undefined,
    }),
  };
}

/** The names under which a lead's id is answered. The last one is a second id, by which a lead may be asked for too. */
const ID_NAMES = ['id', 'lead_id', 'internal_id'];

const idOf = (found: unknown): string | undefined =>
  isRecord(found) ? (trustedId(found['id']) ?? trustedId(found['lead_id'])) : undefined;

function unwrap(answer: unknown): unknown {
  const inside = isRecord(answer) && 'data' in answer ? answer['data'] : answer;
  if (!Array.isArray(inside)) return inside;
  return inside.length > 1 ? 'several leads' : (inside as unknown[])[0];
}
