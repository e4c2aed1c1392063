import { DatabaseConnection } from '../../facade/store/connection.ts';
import type { ConnectionLimits } from '../../facade/store/limits.ts';

/**
 * The database of the enrichment service before this one, read within one read-only transaction: what it received, which
 * leads of Google's it created, and whom it enriched. Its tables changed over eighteen migrations, so each is read with
 * the columns that it has; a table that is not there, or may not be read, costs its own rows alone.
 */

/** A column that a table lacks is null; a time that is none (`infinity`) too. */
export interface OldEvent {
  readonly leadId: string | null;
  /** `updated_at` as Contact2Sale wrote it; the time beside it is what the old service made of it. */
  readonly version: string | null;
  readonly updatedAt: Date | null;
  /** received, processing, completed, failed. */
  readonly status: string | null;
  readonly processedAt: Date | null;
  readonly at: Date | null;
}

export interface OldGoogleLead {
  readonly googleLeadId: string | null;
  readonly leadId: string | null;
  /** pending, completed, partial, failed. */
  readonly status: string | null;
  readonly createdAt: Date | null;
  readonly cpf: string | null;
  readonly at: Date | null;
}

export interface OldEnrichment {
  readonly leadId: string | null;
  readonly cpf: string | null;
  /** Work API's answer, where it is recent enough to be of use. Personal. */
  readonly answer: unknown;
  readonly at: Date | null;
}

export type OldTable = 'webhook_events' | 'google_ads_leads' | 'core.party_enrichments';

/** What a table is read with; undefined: it is not there, or lacks what its rows are known by. */
export type Readable = Readonly<Record<OldTable, boolean>>;

/** A sum over a month of rows may take a while; nobody waits behind it. */
const READ_LIMITS: ConnectionLimits = {
  connectMs: 10_000,
  silenceMs: 130_000,
  statementMs: 120_000,
  lockMs: 5_000,
  idleInTransactionMs: 120_000,
};
const ROWS_AT_ONCE = 500;
/** Longer texts are no ids of ours; enough to see that they are too long. */
const MAX_TEXT = 300;
/** An answer is of use for as long as a window can be (store/windows.ts). */
const ANSWER_OF_USE = `interval '5 minutes'`;

export class OldDatabase {
  readonly #client: DatabaseConnection;
  /** `public.webhook_events` → its columns with their types. */
  readonly #columns = new Map<string, Map<string, string>>();
  readonly #since: string;

  /** @param days rows that are older are left out; a whole number. @throws what the driver throws; it may quote the address. */
  static async open(connectionString: string, days: number): Promise<OldDatabase> {
    const client = new DatabaseConnection({ connectionString, limits: READ_LIMITS });
    try {
      await client.connect();
      await client.query('begin transaction isolation level repeatable read read only');
      const { rows } = await client.query<Column>(`
        select table_schema || '.' || table_name as name, column_name as column, data_type as type from information_schema.columns
        where (table_schema = 'public' and table_name in ('webhook_events', 'google_ads_leads'))
          or (table_schema = 'core' and table_name in ('party_enrichments', 'parties', 'people'))`);
      return new OldDatabase(client, rows, days);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(client: DatabaseConnection, columns: readonly Column[], days: number) {
    this.#client = client;
    this.#since = `now() - interval '${Math.trunc(days)} days'`;
    for (const { name, column, type } of columns) {
      const known = this.#columns.get(name) ?? new Map<string, string>();
      this.#columns.set(name, known.set(column, type));
    }
  }

  /** Rows of a table that is not `readable` would be none at all. */
  get readable(): Readable {
    const events = 'public.webhook_events';
    const google = 'public.google_ads_leads';
    const enrichments = 'core.party_enrichments';
    return {
      webhook_events:
        this.#has(events, 'lead_id') && (this.#has(events, 'updated_at') || this.#has(events, 'payload_raw')),
      google_ads_leads: this.#has(google, 'google_lead_id'),
      'core.party_enrichments': this.#has(enrichments, 'enriched_at') && this.#has(enrichments, 'raw_payload'),
    };
  }

  events(): AsyncGenerator<OldEvent[]> {
    const { column, time, isText } = this.#of('public.webhook_events', 'event');
    const at = firstOf([time('received_at'), time('created_at'), time('processed_at')]);
    const pushed = `to_jsonb(${column('payload_raw')}) #>> '{attributes,updated_at}'`;
    const version = isText('updated_at') ? `coalesce(${pushed}, ${column('updated_at')})` : pushed;
    return this.#rows<OldEvent>(`
      select ${short(column('lead_id'))} as "leadId", ${time('updated_at')} as "updatedAt",
        ${short(version)} as version,
        ${short(column('status'))} as status, ${time('processed_at')} as "processedAt", ${at} as at
      from public.webhook_events as event where ${this.#isRecent(at)} order by ${at}`);
  }

  googleLeads(): AsyncGenerator<OldGoogleLead[]> {
    const { column, time } = this.#of('public.google_ads_leads', 'lead');
    const at = firstOf([time('created_at'), time('c2s_created_at')]);
    return this.#rows<OldGoogleLead>(`
      select ${short(column('google_lead_id'))} as "googleLeadId", ${short(column('c2s_lead_id'))} as "leadId",
        ${short(column('enrichment_status'))} as status, ${time('c2s_created_at')} as "createdAt",
        ${short(column('cpf'))} as cpf, ${at} as at
      from public.google_ads_leads as lead where ${this.#isRecent(at)} order by ${at}`);
  }

  enrichments(): AsyncGenerator<OldEnrichment[]> {
    const at = this.#of('core.party_enrichments', 'enrichment').time('enriched_at');
    const parties = this.#has('core.parties', 'cpf_cnpj') && this.#has('core.parties', 'id');
    const people = this.#has('core.people', 'document_cpf') && this.#has('core.people', 'party_id');
    const cpf = [...(parties ? ['party.cpf_cnpj::text'] : []), ...(people ? ['person.document_cpf::text'] : [])];
    return this.#rows<OldEnrichment>(`
      select ${short(`to_jsonb(enrichment.raw_payload) ->> 'lead_id'`)} as "leadId", ${short(firstOf(cpf, 'text'))} as cpf,
        case when ${at} > now() - ${ANSWER_OF_USE} then enrichment.raw_payload end as answer, ${at} as at
      from core.party_enrichments as enrichment
        ${parties ? 'left join core.parties as party on party.id = enrichment.party_id' : ''}
        ${people ? 'left join core.people as person on person.party_id = enrichment.party_id' : ''}
      where ${this.#isRecent(at)} order by ${at}`);
  }

  /** Never rejects. */
  close(): Promise<void> {
    return this.#client.close();
  }

  #has(table: string, column: string): boolean {
    return this.#columns.get(table)?.has(column) ?? false;
  }

  #of(table: string, alias: string) {
    const column = (name: string): string => (this.#has(table, name) ? `${alias}.${name}` : 'null::text');
    const isText = (name: string): boolean => TEXT_TYPES.has(this.#columns.get(table)?.get(name) ?? '');
    /** As timestamptz; null where the column has none, or a text that is no time. */
    const time = (name: string): string => {
      if (isText(name)) return timeOfText(column(name));
      return TIME_TYPES.has(this.#columns.get(table)?.get(name) ?? '') ? `${column(name)}::timestamptz` : NO_TIME;
    };
    return { column, time, isText };
  }

  /** A row without a time may be of today. */
  #isRecent(at: string): string {
    return `(${at} is null or ${at} > ${this.#since})`;
  }

  async *#rows<Row extends object>(select: string): AsyncGenerator<Row[]> {
    await this.#client.query(`declare rows_of_old no scroll cursor for ${select}`);
    for (;;) {
      const { rows } = await this.#client.query<Row>(`fetch ${ROWS_AT_ONCE} from rows_of_old`);
      if (rows.length === 0) break;
      yield rows.map(withTimes);
    }
    await this.#client.query('close rows_of_old');
  }
}

interface Column {
  readonly name: string;
  readonly column: string;
  readonly type: string;
}

const TIME_TYPES = new Set(['timestamp with time zone', 'timestamp without time zone', 'date']);
const TEXT_TYPES = new Set(['text', 'character varying', 'character']);
const NO_TIME = 'null::timestamptz';

/**
 * A text that Postgres takes as a time, whatever its version (`pg_input_is_valid` came with 16): one text that is none
 * would else cost its whole table. The 29th of February is let go, since it is not in every year.
 */
const TIME_TEXT =
  '^[12]\\d{3}-((0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)' +
  '([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d([.]\\d+)?)? ?(Z|[+-](0\\d|1[0-4])(:?[0-5]\\d)?)?)?$';
const timeOfText = (column: string): string => `case when ${column} ~ '${TIME_TEXT}' then ${column}::timestamptz end`;

const short = (text: string): string => `left((${text})::text, ${MAX_TEXT})`;

/** The first of these columns that holds anything. */
const firstOf = (columns: readonly string[], type = 'timestamptz'): string =>
  `coalesce(${['null', ...columns].map((one) => `${one}::${type}`).join(', ')})`;

/** What the driver makes of `infinity` is a number, and a time beyond what JavaScript knows is no time. */
function withTimes<Row extends object>(row: Row): Row {
  const times = Object.entries(row).filter(([name]) => /^(?:at|.*At)$/.test(name));
  const isTime = (value: unknown): boolean => value instanceof Date && !Number.isNaN(value.getTime());
  return {
    ...row,
    ...Object.fromEntries(times.map(([name, value]) => [name, isTime(value) ? (value as Date) : null])),
  };
}
