import { z } from 'zod';
import type { Crm, CrmLead, SellerQueue, Seller } from './crm.ts';
import { Refusal } from './refusal.ts';

/** One request as an operation's handler sees it, and the look-ups that several handlers share. */
export interface SandboxCall {
  readonly params: Readonly<Record<string, string>>;
  /** Of a repeated parameter the last, as Rails reads it. */
  readonly query: Readonly<Record<string, string>>;
  /** Undefined: there was no body. */
  readonly body: unknown;
}

/** Carries an operation out and returns the JSON of the answer, or throws a {@link Refusal}. */
export type Handler = (crm: Crm, call: SandboxCall) => unknown;

export const text = z.string({ error: ({ input }) => (input === undefined ? 'is required' : 'must be text') });
/** Judged without its white space, kept with it. */
export const required = text.regex(/\S/, 'is required');
/** Ids other than a lead's are text or numbers. */
export const reference = z.union([required, z.number()], 'is required: text or a number');

/** Is the body of the form that has this member? An operation of two forms is judged by the one that it is nearest to. */
export const has = (body: unknown, member: string): boolean =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, member);

/** The lead of the path; 404 without. */
export function leadOf(crm: Crm, call: SandboxCall): CrmLead {
  return found(crm.leads.get(call.params.leadId ?? ''), 404, 'lead');
}

/** The queue of the path; 404 without. */
export function queueOf(crm: Crm, call: SandboxCall): SellerQueue {
  return found(crm.queues.get(call.params.queueId ?? ''), 404, 'queue');
}

/** A seller that a body names; 422 when there is none with this id. */
export function referredSeller(crm: Crm, id: string | number): Seller {
  return found(crm.sellers.get(String(id)), 422, 'seller');
}

/** `value`, or a refusal that says what was not found. */
export function found<T>(value: T | undefined, status: 404 | 422, what: string): T {
  if (value === undefined) throw new Refusal(status, `${what} not found`);
  return value;
}
