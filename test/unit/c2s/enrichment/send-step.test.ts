import { describe, expect, it } from 'vitest';
import type { FacadeClient, Read, Write } from '../../../../src/c2s/enrichment/facade-client.ts';
import { LostWork, type Enrichment } from '../../../../src/c2s/enrichment/ledger.ts';
import { markerOf } from '../../../../src/c2s/enrichment/marker.ts';
import { sendStep } from '../../../../src/c2s/enrichment/send-step.ts';

const ID = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
const SETTLE = 60_000;

const row = (change: Partial<Enrichment> = {}): Enrichment => ({
  id: ID,
  leadId: 'lead',
  step: 'send',
  failures: 0,
  progress: {},
  findings: {},
  message: 'the text',
  sends: 0,
  sendOutcome: null,
  sendAge: null,
  entities: 1,
  ...change,
});

const lead = (messages: unknown): Read => ({ kind: 'found', body: { data: { id: 'lead', attributes: { messages } } } });
const OURS = [{ id: '1', body: `a text\n\n${markerOf(ID)}` }];
const NOT_OURS = [{ id: '1', body: 'a text of somebody' }];

interface Around {
  readonly read?: Read;
  readonly write?: Write;
  readonly intend?: () => Promise<void>;
}

async function send(start: Enrichment, { read = lead([]), write = { kind: 'sent', id: '1' }, intend }: Around = {}) {
  const calls: string[] = [];
  const called = <T>(name: string, result: T): T => {
    calls.push(name);
    return result;
  };
  const facade: FacadeClient = {
    readLead: async () => called('read', read),
    createMessage: async () => called('send', write),
    createLead: async () => called('create', write),
    findLead: async () => called('find', { kind: 'absent' }),
  };
  const settings = { settleMs: SETTLE, maxLength: 4_000, incomeMultiplier: 1 };
  const context = {
    facade,
    settings,
    intend: async () => called('intend', await intend?.()),
    answered: () => called('answered', undefined),
  };
  const end = await sendStep(start, context).catch((error: unknown) => error);
  return { end, calls };
}

describe('a message that was never about to be sent', () => {
  it('is sent, after its intent is written down', async () => {
    const { end, calls } = await send(row());
    expect(calls).toEqual(['intend', 'send', 'answered']);
    expect(end).toMatchObject({ kind: 'end', result: 'enriched', sendOutcome: 'sent' });
  });

  it('is not sent where the intent cannot be written down', async () => {
    const { end, calls } = await send(row(), { intend: () => Promise.reject(new LostWork()) });
    expect(end).toBeInstanceOf(LostWork);
    expect(calls).toEqual([]);
  });

  it.each<[Write, object]>([
    [
      { kind: 'refused', status: 422 },
      { kind: 'end', result: 'refused' },
    ],
    [
      { kind: 'unsent', retryAfter: 5 },
      { kind: 'again', reason: 'crm_unavailable', retryAfter: 5, sendOutcome: 'unsent' },
    ],
    [{ kind: 'unknown' }, { kind: 'again', reason: 'settling', sendOutcome: 'unknown' }],
  ])('and %j comes to %j', async (write, expected) => {
    expect((await send(row(), { write })).end).toMatchObject(expected);
  });

  it('is a partial one when a look-up is missing in it', async () => {
    const { end } = await send(row({ findings: { '1': { kind: 'failed' } } }));
    expect(end).toMatchObject({ result: 'partial' });
  });
});

describe('a message that may have been sent', () => {
  const open = (age: number, outcome: string | null = null) => row({ sends: 1, sendAge: age, sendOutcome: outcome });

  it('is there: done, and nothing is sent', async () => {
    const { end, calls } = await send(open(5), { read: lead(OURS) });
    expect(end).toMatchObject({ kind: 'end', result: 'enriched', sendOutcome: 'sent' });
    expect(calls).toEqual(['read']);
  });

  it('is not there yet: waited for, and that is no failure', async () => {
    const { end, calls } = await send(open(SETTLE - 1_000), { read: lead(NOT_OURS) });
    expect(end).toMatchObject({ kind: 'again', reason: 'settling', wait: 1_000 });
    expect(calls).toEqual(['read']);
  });

  it('is not there and cannot come any more, after a crash of ours: sent at once', async () => {
    const { calls } = await send(open(SETTLE), { read: lead(NOT_OURS) });
    expect(calls).toEqual(['read', 'intend', 'send', 'answered']);
  });

  it('is not there and cannot come any more, after an answer that was lost: sent after the usual pause', async () => {
    const { end, calls } = await send(open(SETTLE, 'unknown'), { read: lead([]) });
    expect(end).toMatchObject({ kind: 'again', reason: 'crm_unavailable', sendOutcome: 'unsent' });
    expect(calls).toEqual(['read']);
  });

  it.each([undefined, null, [{ id: 1 }], 'text'])('is for a human where the messages are %j', async (messages) => {
    const { end, calls } = await send(open(SETTLE), { read: lead(messages) });
    expect(end).toMatchObject({ kind: 'end', result: 'unknown' });
    expect(calls).toEqual(['read']);
  });

  it('is looked for again later where the lead cannot be read', async () => {
    const { end, calls } = await send(open(SETTLE), { read: { kind: 'failed', retryAfter: 9 } });
    expect(end).toMatchObject({ kind: 'again', retryAfter: 9 });
    expect(calls).toEqual(['read']);
  });

  it('is sent again without a look where it was not received', async () => {
    const { calls } = await send(row({ sends: 1, sendAge: 10, sendOutcome: 'unsent' }));
    expect(calls).toEqual(['intend', 'send', 'answered']);
  });
});
