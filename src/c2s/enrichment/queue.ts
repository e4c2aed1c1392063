import type { Transaction } from 'kysely';
import { CompiledQuery, sql, type RawBuilder } from 'kysely';
import { PgBoss, type Db, type JobInsert } from 'pg-boss';
import type pg from 'pg';
import type { Logger } from '../../http/log.ts';
import type { CallerStanding } from '../../http/standing.ts';
import type { Database } from '../../facade/store/schema.ts';

/**
 * The queue: pg-boss, which knows when each enrichment is due and hands it to one process. It is asked inside our own
 * transactions, so that a job and its row can never tell two stories; how that makes 200 jobs/s, and why the retry
 * schedule is ours, is docs/decisions/0010-jobs.md.
 *
 * What strangers ask for (ENRICH_OPEN) has a queue of its own, so that however much waits there, what known callers ask for
 * is found first.
 */

const QUEUES: Readonly<Record<CallerStanding, string>> = { known: 'enrich', stranger: 'enrich-strangers' };
const STANDINGS = ['known', 'stranger'] as const satisfies readonly CallerStanding[];
/** Who waits for the answer goes before what came in a batch. */
const URGENT = 10;
/** Seconds. Far above any enrichment: what a process leaves behind is found by its dead instance number, in seconds. */
const EXPIRE = 4 * 3_600;
/** Seconds that a finished job is kept, for whoever looks into the table. */
const KEEP = 24 * 3_600;

export interface JobRef {
  readonly id: string;
  readonly standing: CallerStanding;
  readonly retryCount: number;
}

interface FetchedJob extends JobRef {
  readonly enrichmentId: string;
}

interface JobData {
  readonly enrichmentId: string;
}

export interface NewJob {
  readonly enrichmentId: string;
  readonly isUrgent: boolean;
  readonly standing: CallerStanding;
  /** Milliseconds. */
  readonly delay?: number;
}

export class Queue {
  readonly #boss: PgBoss;

  private constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  /**
   * @param pool for its own work, which is maintenance; ours goes through our transactions.
   * @throws when the tables of the queue cannot be made or read; nothing is left running then.
   */
  static async start(pool: pg.Pool, log: Logger): Promise<Queue> {
    const boss = new PgBoss({
      db: { executeSql: (text, values) => pool.query(text, values) },
      schedule: false,
      registerInstance: false,
      monitorVacuum: false,
    });
    boss.on('error', (error) => log.warn({ err: error }, 'enrichment: the queue reports an error'));
    const queue = new Queue(boss);
    try {
      await boss.start();
      const options = { expireInSeconds: EXPIRE, deleteAfterSeconds: KEEP, retryLimit: 10, retryDelay: 5 };
      for (const standing of STANDINGS) await boss.createQueue(QUEUES[standing], options);
      return queue;
    } catch (error) {
      await queue.stop().catch(() => undefined);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: 5_000 });
  }

  async add(tx: Transaction<Database>, jobs: readonly NewJob[]): Promise<void> {
    for (const standing of STANDINGS) {
      const rows = jobs.filter((job) => job.standing === standing).map(insertOf);
      if (rows.length > 0) await this.#boss.insert(QUEUES[standing], rows, { db: within(tx) });
    }
  }

  /** What is due: first of known callers, then of strangers. @param strangersAtMost so many of `atMost`. */
  async fetch(tx: Transaction<Database>, atMost: number, strangersAtMost: number): Promise<FetchedJob[]> {
    const known = await this.#fetch(tx, 'known', atMost);
    const left = Math.min(atMost - known.length, strangersAtMost);
    return left > 0 ? [...known, ...(await this.#fetch(tx, 'stranger', left))] : known;
  }

  async #fetch(tx: Transaction<Database>, standing: CallerStanding, batchSize: number): Promise<FetchedJob[]> {
    const jobs = await this.#boss.fetch<JobData>(QUEUES[standing], {
      batchSize,
      includeMetadata: true,
      db: within(tx),
    });
    return jobs.map(({ id, retryCount, data }) => ({ id, standing, retryCount, enrichmentId: data.enrichmentId }));
  }

  /** They are done with; whatever came of them stands in their rows. */
  async complete(tx: Transaction<Database>, jobs: readonly JobRef[]): Promise<void> {
    for (const standing of STANDINGS) {
      const done = jobs.filter((job) => job.standing === standing);
      if (done.length > 0) await this.#boss.complete(QUEUES[standing], done, null, { db: within(tx) });
    }
  }
}

/** Whether a job of the enrichment waits or is under work. */
export const hasJob = (enrichmentId: RawBuilder<unknown>): RawBuilder<boolean> => sql<boolean>`exists (
  select from pgboss.job as job
  where job.name in (${sql.join(Object.values(QUEUES).map((name) => sql.lit(name)))}) and job.state < 'completed'
    and job.data ->> 'enrichmentId' = ${enrichmentId}::text)`;

function insertOf({ enrichmentId, isUrgent, delay = 0 }: NewJob): JobInsert<JobData> {
  // By the clock of the database, in which the row's own time is written too.
  const startAfter = delay === 0 ? {} : { startAfter: delay / 1000 };
  return { data: { enrichmentId }, priority: isUrgent ? URGENT : 0, ...startAfter };
}

function within(tx: Transaction<Database>): Db {
  return {
    executeSql: async (text, values) => {
      const { rows } = await tx.executeQuery(CompiledQuery.raw(text, values ?? []));
      return { rows };
    },
  };
}
