import type { Store } from '../../facade/store/index.ts';
import { recordAudit, type Actor } from '../store/audit.ts';
import type { OldDatabase, OldTable } from './old-database.ts';
import { readEnrichment, readEvent, readGoogleLead, type EnrichedLead, type ReadRow } from './read-rows.ts';
import { addAnswers, addEnriched, addSeen, tried, type EnrichedWith, type Taken, type TakenCount } from './take.ts';

/**
 * Takes over what the service before this one has done, so that nothing of it is done twice: events and leads of Google's
 * that it received, leads that have their message, and answers of Work API that are a moment old. It asks nobody, and a
 * second run finds everything there.
 */

/** What was read of a table. Numbers, times and sentences of ours; nothing personal. */
export interface ReadTable {
  readonly table: OldTable;
  /** False: the table is not there, may not be read, or lacks what its rows are known by. */
  readonly isReadable: boolean;
  rows: number;
  /** ISO 8601. */
  oldest: string | undefined;
  newest: string | undefined;
  /** How many rows were left out, or taken in part, by why. */
  readonly remarks: Record<string, number>;
}

export interface ImportReport {
  /** False: it was tried, and taken back. */
  readonly applied: boolean;
  readonly tables: readonly ReadTable[];
  readonly taken: Readonly<Record<Taken, TakenCount>>;
}

const LEADS_AT_ONCE = 500;

export async function importOld(old: OldDatabase, store: Store, applied: boolean, actor: Actor): Promise<ImportReport> {
  const run = new ImportRun(store, applied);
  const { readable } = old;
  const tables = [
    await run.read('webhook_events', readable.webhook_events && old.events(), readEvent),
    await run.read('google_ads_leads', readable.google_ads_leads && old.googleLeads(), readGoogleLead),
    await run.read('core.party_enrichments', readable['core.party_enrichments'] && old.enrichments(), readEnrichment),
  ];
  await run.addLeads();
  await run.record(actor);
  return { applied, tables, taken: run.taken };
}

class ImportRun {
  readonly taken: Record<Taken, TakenCount>;
  readonly #store: Store;
  readonly #isForGood: boolean;
  readonly #seen = new Set<string>();
  /** The newest of each lead, with all CPFs. */
  readonly #leads = new Map<string, EnrichedWith>();
  readonly #people = new Set<string>();

  constructor(store: Store, isForGood: boolean) {
    this.#store = store;
    this.#isForGood = isForGood;
    const none = { added: 0, known: 0 };
    this.taken = { 'c2s events': none, 'google leads': none, 'enriched leads': none, 'recent answers': none };
  }

  async read<Row extends { readonly at: Date | null }>(
    table: OldTable,
    rows: AsyncGenerator<Row[]> | false,
    meaning: (row: Row) => ReadRow,
  ): Promise<ReadTable> {
    const read: ReadTable = {
      table,
      isReadable: rows !== false,
      rows: 0,
      oldest: undefined,
      newest: undefined,
      remarks: {},
    };
    for await (const some of rows === false ? [] : rows) {
      for (const { at } of some) {
        const time = at?.toISOString();
        if (time && !(read.oldest && read.oldest <= time)) read.oldest = time;
        if (time && !(read.newest && read.newest >= time)) read.newest = time;
      }
      read.rows += some.length;
      const meant = some.map(meaning);
      for (const { remark } of meant) if (remark !== undefined) read.remarks[remark] = (read.remarks[remark] ?? 0) + 1;
      await this.#take(meant);
    }
    return read;
  }

  async #take(rows: readonly ReadRow[]): Promise<void> {
    for (const { enriched } of rows) if (enriched) this.#remember(enriched);
    const fresh = rows.flatMap(({ seen }) => seen).filter(({ source, key }) => this.#isFirst(`${source} ${key}`));
    for (const [source, name] of [
      ['c2s', 'c2s events'],
      ['google', 'google leads'],
    ] as const) {
      const keys = fresh.filter((one) => one.source === source);
      await this.#add(name, keys.length, (tx) => addSeen(tx, keys));
    }
    const answers = rows.flatMap(({ answer }) => (answer && this.#isFirst(`answer ${answer.cpf}`) ? [answer] : []));
    await this.#add('recent answers', answers.length, (tx) => addAnswers(tx, answers));
  }

  async addLeads(): Promise<void> {
    const leads = [...this.#leads.values()];
    for (let i = 0; i < leads.length; i += LEADS_AT_ONCE) {
      const some = leads.slice(i, i + LEADS_AT_ONCE);
      await this.#add('enriched leads', some.length, (tx) => addEnriched(tx, some));
    }
  }

  /** A run that changed nothing leaves no record. */
  async record(actor: Actor): Promise<void> {
    const rows = Object.values(this.taken).reduce((sum, { added }) => sum + added, 0);
    if (!this.#isForGood || rows === 0) return;
    const entry = {
      action: 'import',
      subject: 'what the service before this one did',
      people: this.#people.size,
      rows,
    };
    await recordAudit(this.#store.db, { ...entry, action: 'import', ...actor });
  }

  #remember({ leadId, at, cpf }: EnrichedLead): void {
    const before = this.#leads.get(leadId);
    const cpfs = [...new Set([...(before?.cpfs ?? []), ...(cpf === undefined ? [] : [cpf])])];
    if (cpf !== undefined) this.#people.add(cpf);
    this.#leads.set(leadId, { leadId, at: before && before.at > at ? before.at : at, cpfs });
  }

  #isFirst(name: string): boolean {
    return this.#seen.size !== this.#seen.add(name).size;
  }

  async #add(name: Taken, count: number, add: Parameters<typeof tried<number>>[2]): Promise<void> {
    if (count === 0) return;
    const added = await tried(this.#store.db, this.#isForGood, add);
    const before = this.taken[name];
    this.taken[name] = { added: before.added + added, known: before.known + count - added };
  }
}
