import type { Logger } from '../../http/log.ts';
import { expireAudit } from '../store/audit.ts';
import { applyRetention } from '../store/erase.ts';
import { sweepCustomerNames } from './orders.ts';
import type { Leadership, Store } from '../../facade/store/index.ts';
import { resealRawAnswers } from '../store/raw-answers.ts';
import type { Sealer } from '../../facade/store/seal.ts';
import { sweepWindows } from '../store/windows.ts';

/**
 * What must go, goes: windows when they are over, people whom nobody renewed for so long, seals of a key that is to be
 * given up. One process does it for all, and begins with it at once: one that is restarted every night would else never
 * come to what is due once a day.
 */

interface HousekeepingOptions {
  readonly store: Pick<Store, 'db' | 'lead'>;
  readonly retentionDays: () => number;
  /** Milliseconds for which a lead is held from its first order. */
  readonly holdMs: () => number;
  /** For the records of who saw or erased personal data. */
  readonly auditDays: () => number;
  /** Undefined: raw answers are not kept. */
  readonly sealer: Sealer | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;
const RETAIN_INTERVAL_MS = 3_600_000;

export class Retention {
  readonly #options: HousekeepingOptions;
  readonly #leadership: Leadership;
  #timer: NodeJS.Timeout | undefined;
  #retainAt = 0;
  #round: Promise<void> = Promise.resolve();

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#leadership = options.store.lead('enrichment-housekeeping', {
      gained: () => {
        this.#timer = setInterval(() => void this.round(), SWEEP_INTERVAL_MS).unref();
        void this.round();
      },
      lost: () => clearInterval(this.#timer),
    });
  }

  /** Does what is due; after the round that is under way. Never rejects. */
  round(): Promise<void> {
    return (this.#round = this.#round.then(() => this.#do()));
  }

  /** Waits for a round that is under way. */
  async close(): Promise<void> {
    await this.#leadership.close();
    await this.#round;
  }

  async #do(): Promise<void> {
    const { store, holdMs, now, log } = this.#options;
    try {
      await sweepWindows(store.db);
      await sweepCustomerNames(store.db, holdMs());
      if (now() < this.#retainAt) return;
      await this.#retain();
      this.#retainAt = now() + RETAIN_INTERVAL_MS;
    } catch (error) {
      log.warn({ err: error }, 'enrichment: tidying up failed; it is tried again in a minute');
    }
  }

  async #retain(): Promise<void> {
    const { store, retentionDays, auditDays, sealer, now, log } = this.#options;
    const { people, rawAnswers, enrichments } = await applyRetention(store.db, retentionDays(), new Date(now()));
    await expireAudit(store.db, auditDays(), new Date(now()));
    let resealed = 0;
    for (let some = sealer ? 1 : 0; sealer && some > 0;) resealed += some = await resealRawAnswers(store.db, sealer);
    if (people + rawAnswers + enrichments + resealed === 0) return;
    log.info({ people, rawAnswers, enrichments, resealed }, 'enrichment: personal data whose time was over is deleted');
  }
}
