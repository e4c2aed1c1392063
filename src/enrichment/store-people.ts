import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { storePerson } from '../store/people.ts';
import { keepRawAnswer } from '../store/raw-answers.ts';
import type { Database } from '../store/schema.ts';
import type { Sealer } from '../store/seal.ts';
import { nextSlot } from '../store/windows.ts';
import type { Findings } from './message.ts';
import type { Pace, People } from './ports.ts';

/** The ports of people and pace, on the store. */

/** @param window milliseconds. @param sealer undefined: raw answers are not kept. */
export function storePeople(db: Kysely<Database>, window: () => number, sealer: Sealer | undefined): People {
  return {
    async recent(cpf) {
      const { rows } = await sql<{ answer: Findings }>`
        select answer from facade.cpf_windows where cpf = ${cpf} and answer is not null
          and asked_at > clock_timestamp() - ${window()} * interval '1 millisecond'`.execute(db);
      return rows[0]?.answer;
    },
    async answered(cpf, findings, raw) {
      const answer = JSON.stringify(findings).replaceAll('\\u0000', '');
      await sql`
        insert into facade.cpf_windows (cpf, asked_at, answer) values (${cpf}, clock_timestamp(), ${answer}::jsonb)
        on conflict (cpf) do update set asked_at = excluded.asked_at, answer = excluded.answer`.execute(db);
      if (raw !== undefined) await keepRawAnswer(db, sealer, { cpf, source: 'work-api', text: raw });
    },
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
