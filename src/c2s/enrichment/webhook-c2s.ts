import { hash } from 'node:crypto';
import { wellFormed } from '../../http/well-formed.ts';
import { trustedId, isRecord, known, recordOf, textOf, type Loose } from './untyped-json.ts';

/**
 * Contact2Sale's push, read liberally: one event or a list, each with or without the `data` envelope. A bad event in a
 * list costs the others nothing: it is reported by its place, never by what it holds. Its form: docs/wire/contact2sale.md.
 */

export interface C2sEvent {
  readonly leadId: string;
  /** `on_create_lead`, `on_update_lead`, `on_close_lead`; others as they came. */
  readonly action?: string;
  /** The same for the same event delivered twice: id and `updated_at`, else id and a digest of the event. */
  readonly key: string;
}

interface MalformedEvent {
  /** Place in the push, from 0. */
  readonly index: number;
  readonly reason: 'not an object' | 'no id' | 'the id is not one of a lead' | 'nested too deep';
}

type C2sPush =
  | { readonly kind: 'events'; readonly events: readonly C2sEvent[]; readonly malformed: readonly MalformedEvent[] }
  /** Nothing was read. */
  | { readonly kind: 'too-many'; readonly count: number; readonly limit: number };

export const MAX_EVENTS = 1_000;

/** It becomes part of a path: hex in all that was seen, and nothing in which a path could begin to mean another. */
const LEAD_ID = /^[\w-]{1,64}$/;

/** @param body parsed JSON of any shape; never throws */
export function readC2sPush(body: unknown, limit: number = MAX_EVENTS): C2sPush {
  const entries = entriesOf(body);
  if (entries.length > limit) return { kind: 'too-many', count: entries.length, limit };
  const events: C2sEvent[] = [];
  const malformed: MalformedEvent[] = [];
  entries.forEach((entry, index) => {
    const event = readEvent(entry);
    if (typeof event === 'string') malformed.push({ index, reason: event });
    else events.push(event);
  });
  return { kind: 'events', events, malformed };
}

/** One envelope may hold a list, too; what stands beside `data` holds for each of them. */
function entriesOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  if (!isRecord(body) || !Array.isArray(body['data'])) return [body];
  const { data, ...beside } = body;
  return (data as unknown[]).map((entry) => (isRecord(entry) ? { ...beside, data: entry } : entry));
}

function readEvent(entry: unknown): C2sEvent | MalformedEvent['reason'] {
  if (!isRecord(entry)) return 'not an object';
  const event = isRecord(entry['data']) ? entry['data'] : entry;
  const leadId = trustedId(event['id']) ?? trustedId(event['lead_id']);
  const isWritten = [event['id'], event['lead_id']].some((id) => typeof id === 'number');
  if (leadId === undefined) return isWritten ? 'the id is not one of a lead' : 'no id';
  if (!LEAD_ID.test(leadId)) return 'the id is not one of a lead';
  const updatedAt = textOf(recordOf(event['attributes'])['updated_at']) ?? textOf(event['updated_at']);
  const version = updatedAt === undefined ? digestOf(entry) : versionOf(updatedAt);
  if (version === undefined) return 'nested too deep';
  const action = textOf(event['hook_action']) ?? textOf(entry['hook_action']);
  return known({ leadId, action, key: `${leadId}@${version}` });
}

/** `2026-01-02T03:04:05Z`, `2026-01-02 03:04:05.25 -0300`, or without a zone, which is then UTC. */
const INSTANT = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?\s?([Zz]|UTC|[+-]\d{2}:?\d{2})?$/;

/**
 * One spelling for one instant, `2026-01-02T03:04:05.25Z`, whichever format a push has it in; what is no instant stays as it
 * is. Fractions are kept to the microsecond, as databases do.
 */
export function versionOf(updatedAt: string): string {
  const [, day, time, fraction = '', zone = 'Z'] = INSTANT.exec(updatedAt) ?? [];
  const isUtc = /^[a-z]/i.test(zone);
  const offset = isUtc ? 'Z' : zone.replace(/^(...):?(..)$/, '$1:$2');
  const seconds = Date.parse(`${day}T${time}${offset}`);
  if (Number.isNaN(seconds)) return wellFormed(updatedAt.slice(0, 64));
  const digits = String(Number(`0.${fraction.slice(0, 6)}`)).slice(2);
  return `${new Date(seconds).toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
}

/** Undefined where JSON.stringify runs out of stack, which JSON.parse does not. */
function digestOf(event: Loose): string | undefined {
  try {
    return hash('sha256', JSON.stringify(event), 'hex').slice(0, 32);
  } catch {
    return undefined;
  }
}
