import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { storePerson } from '../store/people.ts';
import { keepRawAnswer } from '../store/raw-answers.ts';
import type { Database } from '../../facade/store/schema.ts';
import type { Sealer } from '../../facade/store/seal.ts';
import { answerCpf, claimCpf, nextSlot, releaseCpf } from '../store/windows.ts';
import type { Findings } from './message.ts';
import type { Pace, People } from './ports.ts';

/** The ports of people and pace, on the store. */

/** Milliseconds between two looks for an answer that somebody else waits for. */
const LOOK_INTERVAL_MS = 100;
/** Then the work is put off: a place is not to be kept for as long as a slow answer takes. */
const LOOK_FOR = 2_000;

/** @param window milliseconds. @param sealer undefined: raw answers are not kept. */
export function storePeople(db: Kysely<Database>, window: () => number, sealer: Sealer | undefined): People {
  return {
    async claim(cpf, asker) {
      for (const until = performance.now() + LOOK_FOR; ; await sleep(LOOK_INTERVAL_MS)) {
        const claim = await claimCpf<Findings>(db, cpf, window(), asker);
        if (claim.kind !== 'taken' || performance.now() >= until) return claim;
      }
    },
    async answered(cpf, findings, raw) {
      await answerCpf(db, cpf, findings);
      if (raw !== undefined) await keepRawAnswer(db, sealer, { cpf, source: 'work-api', text: raw });
    },
    release: (cpf, asker) => releaseCpf(db, cpf, asker),
    store: async (person) => void (await storePerson(db, person)),
  };
}

/** @param interval milliseconds from one call to the next, over all instances. */
export function storePace(db: Kysely<Database>, interval: () => number): Pace {
  return {
    async turn() {
      const ms = interval();
      if (ms === 0) return;
      const wait = await nextSlot(db, 'work-api', ms);
      if (wait > 0) await sleep(wait);
    },
  };
}
