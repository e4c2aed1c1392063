import { parseCpf } from '../enrichment/cpf.ts';
import type { Findings } from '../enrichment/message.ts';
import { readPerson, SECTIONS } from '../enrichment/read-person.ts';
import { isRecord } from '../enrichment/untyped-json.ts';
import { readC2sPush } from '../enrichment/webhook-c2s.ts';
import { googleLeadKeyOf } from '../enrichment/webhook-google.ts';
import type { OldEnrichment, OldEvent, OldGoogleLead } from './old-database.ts';

/** What a row of the old service means here: by the code that reads a push, so that the same push has the same key. */

/** An event that counts as seen. */
export interface SeenKey {
  readonly source: 'c2s' | 'google';
  readonly key: string;
  /** Null: not known. */
  readonly at: Date | null;
}

/** A lead that has its message. */
export interface EnrichedLead {
  readonly leadId: string;
  readonly at: Date;
  readonly cpf?: string | undefined;
}

export interface ReadRow {
  readonly seen: readonly SeenKey[];
  readonly enriched?: EnrichedLead | undefined;
  /** An answer of Work API that was just given. */
  readonly answer?: { readonly cpf: string; readonly at: Date; readonly findings: Findings } | undefined;
  /** Why nothing of the row is taken, or not all of it. */
  readonly remark?: string | undefined;
}

const NO_TIME = 'seen, but not enriched: nobody knows when';

/**
 * The old service took every event that it had received for a duplicate, whatever had come of it, and what failed may
 * have failed after its message was sent: so each counts as seen. As enriched counts only what it finished.
 */
export function readEvent({ leadId, version, updatedAt, status, processedAt, at }: OldEvent): ReadRow {
  const versions = version !== null && version.trim() !== '' ? [version] : spellingsOf(updatedAt);
  const events = versions.flatMap((updated_at) => {
    const push = readC2sPush({ id: leadId, attributes: { updated_at } });
    return push.kind === 'events' ? push.events : [];
  });
  const [event] = events;
  const enrichedAt = processedAt ?? at;
  if (!event) return { seen: [], remark: versions.length === 0 ? 'no time of update' : 'no id of a lead' };
  const seen = events.map(({ key }): SeenKey => ({ source: 'c2s', key, at: at }));
  if (status !== 'completed') return { seen, remark: `seen, but not enriched: ${statusOf(status)}` };
  if (enrichedAt === null) return { seen, remark: NO_TIME };
  return { seen, enriched: { leadId: event.leadId, at: enrichedAt } };
}

/** Where the event itself was not kept: the ways in which an instant is usually written. */
function spellingsOf(at: Date | null): string[] {
  if (at === null) return [];
  const inBrazil = new Date(at.getTime() - 3 * 3_600_000);
  const [utc, local] = [at, inBrazil].map((time) => time.toISOString().slice(0, -1)) as [string, string];
  const isWhole = at.getUTCMilliseconds() === 0;
  return [utc, ...(isWhole ? [utc.slice(0, -4)] : [])]
    .flatMap((text) => [`${text}Z`, `${text}+00:00`])
    .concat([local, ...(isWhole ? [local.slice(0, -4)] : [])].map((text) => `${text}-03:00`));
}

const STATUSES = new Set(['received', 'processing', 'failed', 'pending', 'partial']);
/** A word of theirs, never a text that may hold anything. */
const statusOf = (status: string | null): string =>
  status !== null && STATUSES.has(status) ? status : 'no known status';

export function readGoogleLead({ googleLeadId, leadId, status, createdAt, cpf, at }: OldGoogleLead): ReadRow {
  const key = googleLeadKeyOf(googleLeadId);
  if (key === undefined) return { seen: [], remark: 'no id of a Google lead' };
  const seen: SeenKey[] = [{ source: 'google', key, at: at }];
  const created = leadOf(leadId);
  if (created === undefined) return { seen, remark: 'seen, but no lead in Contact2Sale is known' };
  if (status !== 'completed') return { seen, remark: `seen, but not enriched: ${statusOf(status)}` };
  const enrichedAt = createdAt ?? at;
  if (enrichedAt === null) return { seen, remark: NO_TIME };
  return { seen, enriched: { leadId: created, at: enrichedAt, cpf: parseCpf(cpf) } };
}

export function readEnrichment({ leadId, cpf: written, answer, at }: OldEnrichment): ReadRow {
  const cpf = parseCpf(written);
  const isAnswer = isRecord(answer) && SECTIONS.some((section) => answer[section] !== undefined);
  const lead = leadOf(leadId);
  return {
    seen: [],
    enriched: lead === undefined || at === null ? undefined : { leadId: lead, at, cpf },
    answer:
      cpf !== undefined && isAnswer && at !== null
        ? { cpf, at, findings: { kind: 'found', person: readPerson(cpf, answer) } }
        : undefined,
    remark: lead === undefined ? 'no lead is named' : at === null ? 'not enriched: nobody knows when' : undefined,
  };
}

/** As a push would have it. */
function leadOf(id: string | null): string | undefined {
  const push = readC2sPush({ id });
  return push.kind === 'events' ? push.events[0]?.leadId : undefined;
}
