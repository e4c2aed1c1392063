import type { Diretrix, Identity, LookUp } from './diretrix.ts';
import { known } from './untyped-json.ts';
import type { Subject } from './message.ts';

/**
 * Who a lead is: phone and e-mail are looked up at the same time, and the first valid CPF of each counts, as the old
 * service had it. "Nobody" is only said when everybody who was asked has answered.
 */

/** What became of the side that did not find anybody. */
type OtherSide = 'nobody' | 'not-asked' | 'failed';

/** Plain JSON, so that a job may keep it between two steps. */
export type Identification =
  | { readonly kind: 'one-person-both'; readonly person: Identity }
  | { readonly kind: 'two-people'; readonly byPhone: Identity; readonly byEmail: Identity }
  | { readonly kind: 'by-phone'; readonly person: Identity; readonly email: OtherSide }
  | { readonly kind: 'by-email'; readonly person: Identity; readonly phone: OtherSide }
  /** Nobody was asked: the person gave the CPF. */
  | { readonly kind: 'by-form'; readonly person: Identity }
  | { readonly kind: 'nobody'; readonly reason: 'nothing-to-look-up' | 'no-match' }
  /** Nobody was found and a look-up failed. Transient: it is worth asking again. */
  | { readonly kind: 'cannot-say'; readonly isTransient: boolean; readonly retryAfterMs?: number };

/** What a lead gives to look for. */
export interface Contacts {
  /** In the form of Diretrix, the most likely first. */
  readonly phones: readonly string[];
  readonly email?: string;
  /** Asked about where nobody is behind the ones before. */
  readonly otherEmails?: readonly string[];
}

/** Undefined: there was nothing to ask. */
type OptionalLookUp = LookUp | undefined;

/** Asks Diretrix; never rejects. */
export async function identify(diretrix: Diretrix, contacts: Contacts, signal?: AbortSignal): Promise<Identification> {
  const { phones, email, otherEmails = [] } = contacts;
  const emails = email === undefined ? otherEmails : [email, ...otherEmails];
  const [phoneSide, emailSide] = await Promise.all([
    firstKnown(phones, (phone) => diretrix.byPhone(phone, signal)),
    firstKnown(emails, (one) => diretrix.byEmail(one, signal)),
  ]);
  return conclude(phoneSide, emailSide);
}

/** The next one is only asked about when nobody is behind the one before; a failure ends the row, as it hides somebody. */
async function firstKnown(
  contacts: readonly string[],
  ask: (contact: string) => Promise<LookUp>,
): Promise<OptionalLookUp> {
  let side: OptionalLookUp;
  for (const contact of contacts) {
    side = await ask(contact);
    if (side.kind !== 'nobody') return side;
  }
  return side;
}

function conclude(phoneSide: OptionalLookUp, emailSide: OptionalLookUp): Identification {
  const byPhone = personOf(phoneSide);
  const byEmail = personOf(emailSide);
  if (byPhone && byEmail) {
    if (byPhone.cpf !== byEmail.cpf) return { kind: 'two-people', byPhone, byEmail };
    return { kind: 'one-person-both', person: byPhone };
  }
  if (byPhone) return { kind: 'by-phone', person: byPhone, email: fateOf(emailSide) };
  if (byEmail) return { kind: 'by-email', person: byEmail, phone: fateOf(phoneSide) };
  const failures = [phoneSide, emailSide].filter((side) => side && side.kind !== 'nobody');
  if (failures.length > 0) return cannotSay(failures);
  return { kind: 'nobody', reason: phoneSide || emailSide ? 'no-match' : 'nothing-to-look-up' };
}

const personOf = (side: OptionalLookUp): Identity | undefined =>
  side?.kind === 'found' ? side.identities[0] : undefined;

const fateOf = (side: OptionalLookUp): OtherSide => {
  if (side === undefined) return 'not-asked';
  return side.kind === 'nobody' ? 'nobody' : 'failed';
};

/** One that may get better is reason enough to ask again; both are asked then, after the longer of the two waits. */
function cannotSay(failures: readonly OptionalLookUp[]): Identification {
  const transient = failures.filter((side) => side?.kind === 'unavailable');
  const waits = transient.map(({ retryAfterMs }) => retryAfterMs).filter((ms) => ms !== undefined);
  return known({
    kind: 'cannot-say' as const,
    isTransient: transient.length > 0,
    retryAfterMs: waits.length > 0 ? Math.max(...waits) : undefined,
  });
}

/** The people to ask Work API about, by phone first; none when nobody was identified. */
export function subjectsOf(
  identification: Identification,
): readonly [] | readonly [Subject] | readonly [Subject, Subject] {
  switch (identification.kind) {
    case 'one-person-both':
      return [{ by: 'both', identity: identification.person }];
    case 'two-people':
      return [
        { by: 'phone', identity: identification.byPhone },
        { by: 'email', identity: identification.byEmail },
      ];
    case 'by-phone':
      return [{ by: 'phone', identity: identification.person }];
    case 'by-email':
      return [{ by: 'email', identity: identification.person }];
    case 'by-form':
      return [{ by: 'form', identity: identification.person }];
    case 'nobody':
    case 'cannot-say':
      return [];
  }
}

/** The contact for which Diretrix gave no answer although the other one sufficed: the message says so. */
export function unansweredOf(identification: Identification): 'phone' | 'email' | undefined {
  if (identification.kind === 'by-phone' && identification.email === 'failed') return 'email';
  if (identification.kind === 'by-email' && identification.phone === 'failed') return 'phone';
  return undefined;
}
