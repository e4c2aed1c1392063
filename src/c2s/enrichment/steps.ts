import type { Cpf } from './cpf.ts';
import type { Enrichment } from './repository.ts';
import type { FormContacts } from './google-lead.ts';
import { identify, subjectsOf, unansweredOf, type Contacts, type Identification } from './identify.ts';
import { readLead } from './lead.ts';
import { findMarked, markerOf, type Marks } from './marker.ts';
import { composeMessage, type Findings, type MessageContents, type Subject } from './message.ts';
import type { KnownMarkers, EnrichmentPorts, StepSettings } from './ports.ts';
import { again, end, next, type Again, type StepEnd } from './step-end.ts';
import { known } from './untyped-json.ts';

/**
 * The steps up to the message. Each reads what the ones before it left in the row, asks one side, and says what it came
 * to; when it is tried, and what is written down of it, is the run's business (run.ts).
 */

/**
 * lead: its phones and its e-mail. And whether it has a message of ours already, whatever the row says: the database may
 * have been restored from a backup, or may be a standby that never received its last seconds.
 */
export async function leadStep(
  row: Enrichment,
  { facade, marks }: EnrichmentPorts,
  markers: KnownMarkers,
): Promise<StepEnd> {
  const read = await facade.readLead(row.leadId, row.id);
  if (read.kind === 'missing') return end('lead_missing', { reason: 'lead_missing' });
  if (read.kind === 'failed') return again('crm_unavailable', { retryAfter: read.retryAfter });
  const found = readLead(read.body, row.leadId);
  if (!found.ok) return again('lead_unreadable');
  const { customerName, phones, emails, messages } = found.lead;
  if (findMarked(messages, markerOf(row.id)) === 'yes') return sent(row);
  const shown = marks.shownIn(messages, row.leadId);
  const marker = shown.length > 0 ? await markers.firstUnknown(row.leadId, shown) : undefined;
  if (marker !== undefined) return end('already_sent', { sendOutcome: 'sent', marker });
  const { form } = row.progress;
  const progress = known({ contacts: contactsOf(phones, emails, form), form });
  return next({ step: 'identify', progress, customerName });
}

/** Of the lead first; of a form that made it what the lead has no room for. */
function contactsOf(phones: readonly string[], emails: readonly string[], form: FormContacts | undefined): Contacts {
  const [email, ...otherEmails] = new Set([...emails, ...(form?.emails ?? [])]);
  const all = [...new Set([...phones, ...(form?.phones ?? [])])];
  return known({ phones: all, email, otherEmails: otherEmails.length > 0 ? otherEmails : undefined });
}

/** identify: whose they are. A CPF that the person gave says it, and nobody is asked. */
export async function identifyStep(row: Enrichment, { diretrix }: EnrichmentPorts): Promise<StepEnd> {
  const { contacts, form } = row.progress;
  if (!contacts) return startOver;
  if (form?.cpf !== undefined) {
    const { cpf, name } = form;
    const identification = { kind: 'by-form', person: name === undefined ? { cpf } : { cpf, name } } as const;
    return next({ step: 'enrich', progress: { identification, form } });
  }
  const identification = await identify(diretrix, contacts);
  const { kind } = identification;
  if (kind === 'nobody') {
    return end('nobody', { reason: identification.reason === 'no-match' ? 'no_match' : 'nothing_to_look_up' });
  }
  if (kind === 'cannot-say') {
    const reason = identification.isTransient ? 'diretrix_unavailable' : 'diretrix_refused';
    return again(reason, { retryAfter: identification.retryAfterMs });
  }
  // The contacts have served; what is kept is who it is.
  return next({ step: 'enrich', progress: { identification } });
}

/** What the enrich step needs beside the row. */
export interface EnrichContext extends EnrichmentPorts {
  /** The number of this process. */
  readonly owner: number;
  /** Keeps what is known of one person at once: the next one may fail. */
  readonly found: (cpf: Cpf, findings: Findings) => Promise<void>;
  /** Each of these people had just been enriched by another enrichment when this one was ordered. */
  readonly wereEnriched: (cpfs: readonly Cpf[]) => Promise<boolean>;
  /** No quick try is left, and one of two people is better than none for now. */
  readonly isLastQuickTry: boolean;
}

/** Milliseconds until a CPF that somebody else asks about is looked at again. */
const CPF_PAUSE = 3_000;

/** enrich: what is known of them. */
export async function enrichStep(row: Enrichment, context: EnrichContext): Promise<StepEnd> {
  const { identification } = row.progress;
  if (!identification) return startOver;
  const findings: Record<string, Findings> = { ...row.findings };
  const subjects = subjectsOf(identification).map(({ identity }) => identity.cpf);
  if (row.skipsRecent && (await context.wereEnriched(subjects))) return end('deduplicated', { cpfs: subjects });
  let failure: Again | undefined;
  let hasAnswer = false;
  for (const cpf of subjects) {
    const known = findings[cpf];
    const answer = known ?? (await askAbout(cpf, context));
    if (answer.kind === 'again') {
      if (failure?.wait === undefined) failure = answer;
      findings[cpf] = { kind: 'failed' };
      continue;
    }
    hasAnswer = true;
    findings[cpf] = answer;
    // The last one is written down with the end of the step, if that ends well.
    if (!known && (failure || cpf !== subjects.at(-1))) await context.found(cpf, answer);
  }
  // One of two will do where the other's look-up failed, not where it is only still to be waited for.
  if (failure && !(hasAnswer && context.isLastQuickTry && failure.wait === undefined)) return failure;
  return next({ step: 'compose', findings });
}

/** What is known of a CPF: as it was answered within the window, or by Work API, in our turn. */
export async function askAbout(
  cpf: Cpf,
  context: Pick<EnrichContext, 'people' | 'pace' | 'workApi' | 'owner'>,
): Promise<Findings | Again> {
  const { people, owner } = context;
  const claim = await people.claim(cpf, owner);
  if (claim.kind === 'answered') return claim.answer;
  // Nothing failed: another lead of the same person is ahead, and its answer will do for this one too.
  if (claim.kind === 'taken') return again('cpf_taken', { wait: CPF_PAUSE });
  let isAnswered = false;
  try {
    const answer = await askWorkApi(cpf, context);
    isAnswered = answer.kind !== 'again';
    return answer;
  } finally {
    // What is not given back falls with this process, or in an hour.
    if (!isAnswered) await people.release(cpf, owner).catch(() => undefined);
  }
}

async function askWorkApi(
  cpf: Cpf,
  { people, pace, workApi }: Pick<EnrichmentPorts, 'people' | 'pace' | 'workApi'>,
): Promise<Findings | Again> {
  await pace.turn();
  const dossier = await workApi.byCpf(cpf);
  if (dossier.kind === 'unavailable') return again('work_api_unavailable', { retryAfter: dossier.retryAfterMs });
  if (dossier.kind === 'refused') return again('work_api_refused');
  const findings: Findings = dossier.kind === 'found' ? { kind: 'found', person: dossier.person } : dossier;
  await people.answered(cpf, findings, dossier.kind === 'found' ? dossier.raw : undefined);
  return findings;
}

/** compose: the text, from what is in the row alone. */
export function composeStep(row: Enrichment, settings: StepSettings, marks: Marks): StepEnd {
  const contents = contentsOf(row);
  if (!contents) return startOver;
  const marker = marks.lineOf(row.id, row.leadId);
  const { maxLength, incomeMultiplier } = settings;
  return next({ step: 'store', message: composeMessage(contents, { marker, maxLength, incomeMultiplier }), marker });
}

/** store: the people, for whoever asks for them later. */
export async function storeStep(row: Enrichment, { people }: EnrichmentPorts): Promise<StepEnd> {
  let entities = 0;
  for (const findings of Object.values(row.findings)) {
    if (findings.kind !== 'found') continue;
    await people.store(findings.person);
    entities++;
  }
  return next({ step: 'send', entities });
}

/** The lead has the message. */
export const sent = (row: Enrichment): StepEnd =>
  end(isComplete(row) ? 'enriched' : 'partial', { sendOutcome: 'sent' });

/** Everybody who was identified is in the message, and every contact was looked up. */
function isComplete(row: Enrichment): boolean {
  const { identification } = row.progress;
  const hasFailed = Object.values(row.findings).some(({ kind }) => kind === 'failed');
  return !hasFailed && (!identification || unansweredOf(identification) === undefined);
}

/** What the row held was taken out of it in the meantime (a person was forgotten): it is found out again. */
const startOver: StepEnd = next({ step: 'lead' });

function contentsOf({ progress, findings }: Enrichment): MessageContents | undefined {
  const { identification } = progress;
  if (!identification) return undefined;
  const [first, second] = subjectsOf(identification).map((subject) => withFindings(subject, findings));
  if (!first) return undefined;
  const unanswered = unansweredOf(identification satisfies Identification);
  return { subjects: second ? [first, second] : [first], unanswered };
}

function withFindings(subject: Subject, findings: Enrichment['findings']) {
  return { ...subject, findings: findings[subject.identity.cpf] ?? ({ kind: 'failed' } as const) };
}
