import { describe, expect, it } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import type { Changes, Enrichment } from '../../../../src/c2s/enrichment/repository.ts';
import { Marks } from '../../../../src/c2s/enrichment/marker.ts';
import { Run, type RunContext } from '../../../../src/c2s/enrichment/run.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';
import type { StepRecord } from '../../../../src/c2s/store/tables/enrichments.ts';

/** What a run writes down, and when. The message is written with the people, and must be there before it is sent. */

const CPF = parseCpf(inventedCpf(1)) as Cpf;
const row = {
  id: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  leadId: 'lead',
  step: 'compose',
  failures: 1,
  progress: { identification: { kind: 'one-person-both', person: { cpf: CPF } } },
  findings: {
    [CPF]: { kind: 'found', person: { cpf: CPF, economics: {}, emails: [], phones: [], addresses: [], companies: [] } },
  },
  message: null,
  sends: 0,
  sendOutcome: null,
  sendAge: null,
  entities: 0,
  age: 0,
  lineageAge: null,
} as unknown as Enrichment;

async function run({ store, save }: { store?: () => Promise<void>; save?: () => Promise<void> } = {}) {
  const calls: [string, ...unknown[]][] = [];
  const stepsOf = (records: readonly StepRecord[]): string =>
    records.map(({ step, result }) => `${step} ${result}`).join(', ');
  const context = {
    repository: {
      async save(_owner: number, _id: string, records: StepRecord[], changes: Changes) {
        await save?.();
        calls.push(['save', stepsOf(records), Object.keys(changes).toSorted().join(' ')]);
      },
      async recordSendIntent() {
        calls.push(['intend']);
      },
      async retry(_owner: number, _id: string, records: StepRecord[], { failures }: { failures: number }) {
        calls.push(['retry', stepsOf(records), failures]);
      },
      async finish(_owner: number, _id: string, records: StepRecord[]) {
        calls.push(['finish', stepsOf(records)]);
      },
    },
    ports: {
      people: { store: store ?? (async () => undefined) },
      marks: new Marks('a key'),
      facade: {
        async readLead() {
          calls.push(['read']);
          return { kind: 'found', body: { data: { id: 'lead', attributes: { messages: [] } } } };
        },
        async createMessage(_leadId: string, text: string) {
          calls.push(['send', text.split('\n')[0]]);
          return { kind: 'done', found: '1' };
        },
      },
    },
    settings: () => ({
      maxLength: 4_000,
      incomeMultiplier: 1,
      settleMs: 1_000,
      schedule: { quickMs: [1, 1, 1], slowMs: 1_000, giveUpMs: 10_000 },
    }),
    observer: { stepped: () => undefined, failed: () => undefined, ended: () => undefined },
    now: () => 0,
    clock: () => 0,
  } as unknown as RunContext;
  const end = await new Run(context, 7, row).run().catch((error: unknown) => error);
  return { calls, end };
}

describe('a run', () => {
  it('writes the message down with the people, before the intent to send it', async () => {
    const { calls } = await run();
    expect(calls).toEqual([
      ['save', 'compose ok, store ok', 'entities marker message step'],
      // The run took the row up behind its lead step: the row may come from a backup.
      ['read'],
      ['intend'],
      ['send', '📞📧 Telefone e e-mail da mesma pessoa'],
      ['finish', 'send ok'],
    ]);
  });

  it('goes on counting what failed, when the step after one that only computes fails', async () => {
    const { calls, end } = await run({ store: () => Promise.reject(new Error('no database')) });
    expect(calls).toEqual([['retry', 'compose ok, store internal', 2]]);
    expect(end).toMatchObject({ kind: 'waits' });
  });

  it('sends nothing when the message cannot be written down', async () => {
    const lost = new Error('no database');
    expect(await run({ save: () => Promise.reject(lost) })).toEqual({ calls: [], end: lost });
  });
});
