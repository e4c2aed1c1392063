import type { Logger } from '../../http/log.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/**
 * Keeps every place taken: a worker that dies costs what it had under way and is replaced. One that lived is replaced at
 * once; one that dies young is waited for, longer each time, so that a loop of deaths does not take the machine. When
 * not even the first one starts there is nothing to keep, and the reason is in what it wrote.
 */

/** The part of cluster's Worker that is needed. */
export interface WorkerHandle {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  onMessage(hear: (message: FromWorker) => void): void;
  /** @param ended also when it could not be started. */
  onExit(ended: (code: number | null) => void): void;
}

export interface Worker {
  readonly place: number;
  readonly handle: WorkerHandle;
  readonly bornAt: number;
  isReady: boolean;
}

interface WorkerPoolOptions {
  readonly size: number;
  readonly fork: (place: number) => WorkerHandle;
  readonly heard: (worker: Worker, message: FromWorker) => void;
  /** A worker is no more. */
  readonly left: (worker: Worker) => void;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Milliseconds. Whoever lived that long was no failure of the start. */
const LONG_LIFE = 10_000;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 15_000;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, Worker>();
  readonly #pauses = new Map<number, number>();
  readonly #waiting = new Set<NodeJS.Timeout>();
  #isStopping = false;
  #isWhole = true;
  #onEmpty: (() => void) | undefined;
  /** Workers that were replaced. */
  replaced = 0;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** By place. */
  get workers(): readonly Worker[] {
    return [...this.#workers.values()].toSorted((a, b) => a.place - b.place);
  }

  get ready(): readonly Worker[] {
    return this.workers.filter(({ isReady }) => isReady);
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** The first one alone: what is wrong with the settings is said once. Resolves to false when it did not come up. */
  startFirst(): Promise<boolean> {
    return this.#start(0);
  }

  /** Resolves when each of the others is up, or has ended and will be replaced. None is started once the stop began. */
  async startOthers(): Promise<void> {
    if (this.#isStopping) return;
    await Promise.all(Array.from({ length: this.#options.size - 1 }, (_, i) => this.#start(i + 1)));
  }

  tellAll(message: ToWorker, but?: Worker): void {
    for (const worker of this.#workers.values()) if (worker !== but) worker.handle.send(message);
  }

  /** Resolves when all have ended; true when none cut anything short. */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    for (const timer of this.#waiting) clearTimeout(timer);
    this.tellAll({ kind: 'stop' });
    if (this.#workers.size > 0) await new Promise<void>((done) => (this.#onEmpty = done));
    return this.#isWhole;
  }

  /** Resolves when the worker is ready, true, or has ended, false. */
  #start(place: number): Promise<boolean> {
    const { fork, heard, now } = this.#options;
    const handle = fork(place);
    const worker: Worker = { place, handle, bornAt: now(), isReady: false };
    this.#workers.set(place, worker);
    return new Promise((resolve) => {
      handle.onMessage((message) => {
        // Its last words may be read after its end: somebody else may have the place by then.
        if (this.#workers.get(place) !== worker) return;
        if (message.kind === 'ready') {
          worker.isReady = true;
          resolve(true);
        }
        heard(worker, message);
      });
      handle.onExit((code) => {
        resolve(false);
        this.#ended(worker, code);
      });
    });
  }

  #ended(worker: Worker, code: number | null): void {
    const { place } = worker;
    const { left, log, now } = this.#options;
    if (this.#workers.get(place) === worker) this.#workers.delete(place);
    left(worker);
    if (this.#isStopping) {
      if (code !== 0) this.#isWhole = false;
      if (this.#workers.size === 0) this.#onEmpty?.();
      return;
    }
    // The very first one: start() tells of it.
    if (place === 0 && !worker.isReady && this.replaced === 0 && this.#workers.size === 0) return;
    const hasLived = now() - worker.bornAt >= LONG_LIFE;
    const due = hasLived ? 0 : (this.#pauses.get(place) ?? (worker.isReady ? 0 : FIRST_PAUSE_MS));
    // While nobody is left the port is closed, so nobody is waited for.
    const pause = this.#workers.size === 0 ? Math.min(due, FIRST_PAUSE_MS) : due;
    this.#pauses.set(place, hasLived ? FIRST_PAUSE_MS : Math.min(Math.max(due * 2, FIRST_PAUSE_MS), MAX_PAUSE_MS));
    this.replaced++;
    log.error({ place, pid: worker.handle.pid, code, retryInMs: pause }, 'a worker ended unasked; it is replaced');
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      void this.#start(place);
    }, pause);
    this.#waiting.add(timer);
  }
}
