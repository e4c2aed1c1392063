import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../http/log.ts';
import { strangersPart } from '../../http/standing.ts';
import type { Instance } from './instance.ts';
import type { Enrichment, EnrichmentRepository } from './repository.ts';
import type { JobRef } from './queue.ts';
import { Run, type RunContext, type RunEnd } from './run.ts';

/**
 * Takes what is due, as much as there are places, and runs it. Woken by whoever enqueues, by a place that becomes free
 * and by a clock; a batch is fetched in one transaction, in which the jobs that ended since are completed too, so that
 * an enrichment costs the queue a part of a round trip. Of the places strangers' enrichments take their part at most.
 */

/** Milliseconds in which places that become free gather, to be filled by one fetch: it costs as much as a step. */
const GATHER = 15;
/** Between two looks for enrichments that lost their jobs: they compare all that waits with all jobs. */
const LOST_EVERY_MS = 600_000;

interface WorkerOptions extends Omit<RunContext, 'repository'> {
  readonly repository: EnrichmentRepository;
  readonly instance: Pick<Instance, 'number'>;
  readonly log: Logger;
  /** Enrichments at once. */
  readonly concurrency: number;
  /** Share of them, 0..1, that strangers' cannot be. */
  readonly knownShare: () => number;
  /** Milliseconds between two looks for what is due, when nobody wakes it. */
  readonly poll: number;
  /** Milliseconds between two looks for the work of dead processes. */
  readonly recoverEvery: number;
  /** An enrichment ended, or waits: whoever waits for it may look. */
  readonly onRunEnd: (enrichmentId: string) => void;
}

export class EnrichmentWorker {
  readonly #options: WorkerOptions;
  readonly #running = new Set<Promise<void>>();
  /** Of those, the strangers'. */
  #strangers = 0;
  #finished: JobRef[] = [];
  /** Runs that broke off because their end could not be written down. */
  #broken = new Set<string>();
  #lostAt = 0;
  #wake = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  #isStopping = false;
  readonly #loops: Promise<void>;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#loops = Promise.all([this.#fetchLoop(), this.#recoverLoop()]).then(() => undefined);
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Begins nothing more, and waits for what runs. @param deadline milliseconds; what runs on is resumed elsewhere. */
  async stop(deadline: number): Promise<void> {
    this.#isStopping = true;
    this.#stopping.abort();
    this.wake();
    await Promise.race([this.#settle(), sleep(deadline, undefined, { ref: false })]);
  }

  async #settle(): Promise<void> {
    await this.#loops;
    while (this.#running.size > 0) await Promise.all(this.#running);
    const { repository } = this.#options;
    const jobs = this.#finished.splice(0);
    // What is not completed now is found ended by whoever fetches it later.
    if (jobs.length > 0) await repository.complete(jobs).catch(() => undefined);
  }

  async #fetchLoop(): Promise<void> {
    const { poll } = this.#options;
    while (!this.#isStopping) {
      this.#wake = Promise.withResolvers();
      const isFull = await this.#fetch();
      if (isFull && this.#free() > 0) continue;
      await Promise.race([this.#wake.promise, sleep(poll, undefined, { ref: false })]);
      if (!this.#isStopping) await sleep(GATHER, undefined, { ref: false });
    }
  }

  #free(): number {
    return this.#options.concurrency - this.#running.size;
  }

  /** @returns whether there may be more. */
  async #fetch(): Promise<boolean> {
    const { repository, instance, log, concurrency, knownShare } = this.#options;
    const owner = instance.number;
    const free = this.#free();
    if (owner === undefined || free <= 0) return false;
    const finished = this.#finished.splice(0);
    try {
      const strangersAtMost = strangersPart(concurrency, knownShare()) - this.#strangers;
      const claimed = await repository.claim(owner, free, finished, strangersAtMost);
      for (const { job, row } of claimed) this.#start(new Run(this.#options, owner, row), job, row);
      return claimed.length === free;
    } catch (error) {
      this.#finished.push(...finished);
      log.warn({ err: error }, 'enrichment: the queue cannot be read');
      return false;
    }
  }

  #start(run: Run, job: JobRef, { id: enrichmentId, caller }: Enrichment): void {
    const { log, onRunEnd } = this.#options;
    if (job.standing === 'stranger') this.#strangers++;
    const running = run
      .run()
      .then((end) => this.#wakeFor(end))
      .catch((error: unknown) => {
        this.#broken.add(enrichmentId);
        log.error(
          { err: error, enrichment: enrichmentId, caller },
          'enrichment: a run broke off; it is taken up again',
        );
      })
      .finally(() => {
        this.#running.delete(running);
        if (job.standing === 'stranger') this.#strangers--;
        this.#finished.push(job);
        onRunEnd(enrichmentId);
        this.wake();
      });
    this.#running.add(running);
  }

  /** A short wait is not left to the next look. */
  #wakeFor(end: RunEnd): void {
    if (end.kind === 'waits' && end.delay < 60_000) setTimeout(() => this.wake(), end.delay + 5).unref();
  }

  /** Work can be taken on, again or for the first time: what a dead process left behind first. */
  alive(): void {
    void this.#recover().finally(() => this.wake());
  }

  async #recoverLoop(): Promise<void> {
    while (!this.#isStopping) {
      await this.#recover();
      await this.#pause(this.#options.recoverEvery);
    }
  }

  async #recover(): Promise<void> {
    const { repository, instance, log } = this.#options;
    if (instance.number === undefined) return;
    const broken = [...this.#broken];
    try {
      let count = await repository.recover(broken);
      for (const id of broken) this.#broken.delete(id);
      if (this.#options.now() >= this.#lostAt) {
        count += await repository.requeueLost();
        this.#lostAt = this.#options.now() + LOST_EVERY_MS;
      }
      if (count === 0) return;
      log.warn({ count }, 'enrichment: work that broke off is taken up again');
      this.wake();
    } catch (error) {
      log.warn({ err: error }, 'enrichment: the work of dead processes cannot be looked for');
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
  }
}
