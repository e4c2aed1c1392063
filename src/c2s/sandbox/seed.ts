import { emptyCrm, leadIdOf, leadStatus } from './crm.ts';
import type { Crm, CrmLead, LeadAttributes, Seller } from './crm.ts';
import { PEOPLE, person } from './people.ts';
import type { InventedPerson } from './people.ts';

/**
 * Invented records to begin with, the same in every run. What the look-ups say about the first five leads:
 * 1 phone and e-mail → the same CPF · 2 phone and e-mail → two CPFs · 3 has only a phone · 4 nobody knows ·
 * 5 has only an e-mail · all others as 1.
 */
const LEAD_COUNT = 25;
const FIRST_LEAD_ID = 'bf1a88eaa4ab34b01a257536563fb42b';
const STATUSES = ['novo', 'em_negociacao', 'pendente', 'convertido', 'arquivado'];
const SOURCES = ['Google Ads', 'Facebook', 'Site', 'Indicação'];
const PRODUCTS = ['Apartamento Jardim Sul', 'Casa Vila Nova', 'Cobertura Parque Leste'];
const DAY = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 0, 1, 12);

/** Ids of the seeded leads; the first is lead 1. */
export const SEED_LEAD_IDS: readonly string[] = Array.from({ length: LEAD_COUNT }, (_, i) =>
  i === 0 ? FIRST_LEAD_ID : leadIdOf(i + 1),
);
export const SEED_SELLER_IDS = [101, 102, 103, 104] as const;
export const SEED_TAG_IDS = [1, 2, 3] as const;
export const SEED_QUEUE_IDS = ['1', '2'] as const;

/** Whose phone and whose e-mail a seeded lead (1 to 25) carries; undefined: it carries none. */
function ownersOf(n: number): { name: string; phone: InventedPerson | undefined; email: InventedPerson | undefined } {
  const own = person(n - 1);
  switch (n) {
    case 2:
      return { name: own.name, phone: own, email: person(LEAD_COUNT) };
    case 3:
      return { name: own.name, phone: own, email: undefined };
    case 4: {
      // Beyond the end of the list that the look-ups know.
      const stranger = person(PEOPLE.length + 1);
      return { name: stranger.name, phone: stranger, email: stranger };
    }
    case 5:
      return { name: own.name, phone: undefined, email: own };
    default:
      return { name: own.name, phone: own, email: own };
  }
}

export function seededCrm(now: () => number): Crm {
  const crm = emptyCrm(now);
  for (const [i, id] of SEED_SELLER_IDS.entries()) crm.sellers.set(String(id), seller(id, i));
  for (const [i, id] of SEED_TAG_IDS.entries()) {
    const attributes = { name: ['Quente', 'Retornar', 'Campanha'][i] ?? '', autofill: i === 2, color: '#3366cc' };
    crm.tags.set(String(id), { id, type: 'tag', attributes });
  }
  for (const [i, id] of SEED_QUEUE_IDS.entries()) {
    const sellers = SEED_SELLER_IDS.slice(i * 2, i * 2 + 2).map((seller_id, priority) => ({ seller_id, priority }));
    const attributes = { name: ['Lançamentos', 'Usados'][i] ?? '', next_seller_id: null, sellers };
    crm.queues.set(id, { id, type: 'distribution_queue', attributes });
  }
  for (const id of SEED_LEAD_IDS) crm.leads.set(id, lead(crm, id, crm.nextNumber()));
  crm.leadTags.set(FIRST_LEAD_ID, new Set([String(SEED_TAG_IDS[0])]));
  return crm;
}

function seller(id: number, n: number): Seller {
  const name = ['Paula Reis', 'Otávio Dias', 'Renata Luz', 'Sérgio Vale'][n] ?? '';
  const attributes = { name, email: `vendas${n + 1}@example.com`, phone: `119000100${n}0`, active: n < 3 };
  return { id, type: 'seller', attributes };
}

function lead(crm: Crm, id: string, n: number): CrmLead {
  const created = new Date(FIRST_DAY + n * DAY).toISOString();
  const attributes: LeadAttributes = {
    description: n % 4 === 0 ? '' : `Interesse em ${PRODUCTS[n % PRODUCTS.length]}`,
    created_at: created,
    updated_at: created,
    customer: customer(n),
    product: {
      id: 500 + (n % 3),
      description: PRODUCTS[n % PRODUCTS.length] ?? '',
      prop_ref: `REF-${1000 + n}`,
      city: 'São Paulo',
    },
    seller: sellerOf(crm, SEED_SELLER_IDS[n % SEED_SELLER_IDS.length] ?? 0),
    lead_source: { id: (n % 4) + 1, name: SOURCES[n % SOURCES.length] ?? '' },
    channel: { name: 'Internet' },
    lead_status: leadStatus(STATUSES[n % STATUSES.length] ?? 'novo'),
    done_details: { done: false },
    archive_details: { archived: n % STATUSES.length === 4 },
    messages: [],
    log: [],
  };
  return { id, type: 'lead', internal_id: 9_000 + n, attributes };
}

/** Phones come in both spellings that the CRM holds: with the country code and without. */
function customer(n: number): LeadAttributes['customer'] {
  const { name, phone, email } = ownersOf(n);
  const digits = phone?.phones[0];
  return {
    id: 7_000 + n,
    name,
    email: email?.emails[0] ?? '',
    phone: digits === undefined ? '' : n % 2 === 0 ? `+55${digits}` : digits,
    ...(digits === undefined ? {} : { phone_global: `+55${digits}` }),
  };
}

/** The seller as a lead carries it; null when there is none with this id. */
export function sellerOf(crm: Crm, id: string | number): LeadAttributes['seller'] {
  const found = crm.sellers.get(String(id));
  return found ? { id: found.id, name: found.attributes.name, email: found.attributes.email } : null;
}
