import { createHash } from 'node:crypto';

/** What Contact2Sale remembers, in the shape in which it answers. */
type Id = string | number;

interface Message {
  readonly id: string;
  readonly body: string;
  readonly type: string;
  readonly created_at: string;
}

/** Visits, activities, deals and the like, in the order in which they happened. */
interface LogEntry {
  readonly type: string;
  readonly created_at: string;
  readonly [detail: string]: unknown;
}

export interface LeadAttributes {
  description: string;
  observation?: string;
  created_at: string;
  updated_at: string;
  customer: { id: Id; name: string; email: string; phone: string; phone_global?: string };
  product: { id?: Id; description?: string; prop_ref?: string; price?: string; neighbourhood?: string; city?: string };
  seller: { id: Id; name: string; email: string } | null;
  lead_source: { id: Id; name: string };
  channel: { name: string };
  lead_status: { id: number; alias: string; name: string };
  done_details: { done: boolean; [detail: string]: unknown };
  archive_details: { archived: boolean };
  messages: Message[];
  log: LogEntry[];
  /** Fields that Contact2Sale was sent and does not know are kept. */
  [unknown: string]: unknown;
}

export interface CrmLead {
  readonly id: string;
  readonly type: 'lead';
  readonly internal_id: number;
  attributes: LeadAttributes;
}

export interface Tag {
  readonly id: Id;
  readonly type: 'tag';
  attributes: { name: string; autofill: boolean; color: string; [unknown: string]: unknown };
}

export interface Seller {
  readonly id: Id;
  readonly type: 'seller';
  attributes: { name: string; email: string; phone: string; active: boolean; [unknown: string]: unknown };
}

export interface SellerQueue {
  readonly id: Id;
  readonly type: 'distribution_queue';
  attributes: { name: string; next_seller_id: Id | null; sellers: { seller_id: Id; priority: number }[] };
}

interface Rule {
  readonly id: string;
  readonly type: 'distribution_rule';
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Maps are keyed by the id as text: `5` and `"5"` name the same record, as they do in a path. */
export interface Crm {
  readonly leads: Map<string, CrmLead>;
  readonly tags: Map<string, Tag>;
  readonly sellers: Map<string, Seller>;
  readonly queues: Map<string, SellerQueue>;
  readonly rules: Map<string, Rule>;
  /** Tag ids by lead id. */
  readonly leadTags: Map<string, Set<string>>;
  /** One endpoint an action: a second subscription replaces the first. */
  readonly subscriptions: Map<string, string>;
  /** ISO 8601. */
  now(): string;
  /** 1, 2, 3 …: the number of the next record that is made. */
  nextNumber(): number;
}

export const LEAD_STATUSES: Readonly<Record<string, string>> = {
  novo: 'Novo',
  em_negociacao: 'Em negociação',
  convertido: 'Convertido',
  negocio_fechado: 'Negócio fechado',
  arquivado: 'Arquivado',
  resgatado: 'Resgatado',
  pendente: 'Pendente',
  recusado: 'Recusado',
  finalizado: 'Finalizado',
};

/** The status as a lead carries it. The alias must be one of {@link LEAD_STATUSES}. */
export function leadStatus(alias: string): LeadAttributes['lead_status'] {
  const id = Object.keys(LEAD_STATUSES).indexOf(alias) + 1;
  return { id, alias, name: LEAD_STATUSES[alias] ?? alias };
}

/** A lead's id: 32 hex characters, the same for the same number. */
export const leadIdOf = (n: number): string => createHash('sha256').update(`lead ${n}`).digest('hex').slice(0, 32);

export function emptyCrm(now: () => number): Crm {
  let last = 0;
  return {
    leads: new Map(),
    tags: new Map(),
    sellers: new Map(),
    queues: new Map(),
    rules: new Map(),
    leadTags: new Map(),
    subscriptions: new Map(),
    now: () => new Date(now()).toISOString(),
    nextNumber: () => ++last,
  };
}

/** Notes what happened on a lead and moves its `updated_at`. */
export function touch(crm: Crm, lead: CrmLead, type: string, details: Readonly<Record<string, unknown>>): LogEntry {
  const entry = { ...details, type, created_at: crm.now() };
  lead.attributes.log.push(entry);
  lead.attributes.updated_at = entry.created_at;
  return entry;
}
