import { describe, expect, it } from 'vitest';
import type { FacadeClient, LeadRead, Write } from '../../../../src/c2s/enrichment/facade-client.ts';
import { LeaseLost, type Enrichment } from '../../../../src/c2s/enrichment/repository.ts';
import { markerOf } from '../../../../src/c2s/enrichment/marker.ts';
import { sendStep } from '../../../../src/c2s/enrichment/send-step.ts';

const ID = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
const SETTLE = 60_000;

const row = (change: Partial<Enrichment> = {}): Enrichment => ({
  id: ID,
  leadId: 'lead',
  caller: null,
  skipsRecent: false,
  step: 'send',
  failures: 0,
  progress: {},
  findings: {},
  message: 'the text',
  sends: 0,
  sendOutcome: null,
  sendAge: null,
  entities: 1,
  age: 0,
  lineageAge: null,
  ...change,
});

const lead = (messages: unknown): LeadRead => ({
  kind: 'found',
  body: { data: { id: 'lead', attributes: { messages } } },
});
const OURS = [{ id: '1', body: `a text\n\n${markerOf(ID)}` }];
const NOT_OURS = [{ id: '1', body: 'a text of somebody' }];

interface Around {
  readonly read?: LeadRead;
  readonly write?: Write<string>;
  readonly intend?: () => Promise<number>;
  readonly hasLooked?: boolean;
}

const DONE: Write<string> = { kind: 'done', found: '1' };

async function send(start: Enrichment, { read = lead([]), write = DONE, intend, hasLooked = true }: Around = {}) {
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
    resolveProduct: async () => called('resolve', undefined),
  };
  const context = {
    facade,
    settleMs: SETTLE,
    hasLooked,
    intend: async () => called('intend', (await intend?.()) ?? 0),
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
    const { end, calls } = await send(row(), { intend: () => Promise.reject(new LeaseLost()) });
    expect(end).toBeInstanceOf(LeaseLost);
    expect(calls).toEqual([]);
  });

  it.each<[Write<string>, object]>([
    [
      { kind: 'refused', status: 422 },
      { kind: 'end', result: 'refused' },
    ],
    [
      { kind: 'unsent', retryAfter: 5 },
      { kind: 'again', reason: 'crm_unavailable', retryAfter: 5, sendOutcome: 'unsent' },
    ],
    [
      { kind: 'put_off', retryAfter: 5 },
      { kind: 'again', reason: 'crm_unavailable', retryAfter: 5, sendOutcome: 'put_off' },
    ],
    [{ kind: 'unknown' }, { kind: 'again', reason: 'settling', sendOutcome: 'unknown' }],
  ])('and %j comes to %j', async (write, expected) => {
    expect((await send(row(), { write })).end).toMatchObject(expected);
  });

  it.each([
    ['is sent within a quarter of the settle time', SETTLE / 4, ['intend', 'send', 'answered']],
    ['is not sent later: another process may have looked and sent meanwhile', SETTLE / 4 + 1, ['intend']],
  ])('after an intent that was slow to record %s', async (_what, tookMs, calls) => {
    const sent = await send(row(), { intend: () => Promise.resolve(tookMs) });
    expect(sent.calls).toEqual(calls);
    if (calls.length === 1)
      expect(sent.end).toMatchObject({ kind: 'again', reason: 'store_slow', sendOutcome: 'unsent' });
  });

  it.each<[string, LeadRead, string[]]>([
    ['is looked for first', lead(NOT_OURS), ['read', 'intend', 'send', 'answered']],
    ['is not sent if the lead has it, whatever the row says', lead(OURS), ['read']],
    ['is sent if the lead shows no messages', lead(undefined), ['read', 'intend', 'send', 'answered']],
  ])('in a run that has not read the lead %s', async (_what, read, calls) => {
    expect((await send(row(), { read, hasLooked: false })).calls).toEqual(calls);
  });

  it.each<[string, number, LeadRead, string[]]>([
    ['is not sent before a write of the history before is settled', SETTLE - 1, lead(NOT_OURS), ['read']],
    ['is sent afterwards', SETTLE, lead(NOT_OURS), ['intend', 'send', 'answered']],
    ['is not sent if the lead has it', 5, lead(OURS), ['read']],
  ])('in a row that is older than the history of its database %s', async (_what, lineageAge, read, calls) => {
    const sent = await send(row({ lineageAge }), { read });
    expect(sent.calls).toEqual(calls);
    if (lineageAge === SETTLE - 1) expect(sent.end).toMatchObject({ kind: 'again', reason: 'settling', wait: 1 });
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

  it.each([OURS, NOT_OURS, undefined])('is looked for again later where another lead is shown', async (messages) => {
    const body = { data: { id: 'another', attributes: { messages } } };
    const { end, calls } = await send(open(SETTLE), { read: { kind: 'found', body } });
    expect(end).toMatchObject({ kind: 'again', reason: 'crm_unavailable' });
    expect(calls).toEqual(['read']);
  });

  it('is looked for again later where the lead cannot be read', async () => {
    const { end, calls } = await send(open(SETTLE), { read: { kind: 'failed', retryAfter: 9 } });
    expect(end).toMatchObject({ kind: 'again', retryAfter: 9 });
    expect(calls).toEqual(['read']);
  });

  it.each(['unsent', 'put_off'])('is sent again at once after %s, if the lead does not have it', async (outcome) => {
    const { calls } = await send(open(10, outcome), { read: lead(NOT_OURS) });
    expect(calls).toEqual(['read', 'intend', 'send', 'answered']);
  });

  it.each(['unsent', 'put_off', 'unknown', null])('is not sent again after %s, if the lead has it', async (outcome) => {
    const { end, calls } = await send(open(10, outcome), { read: lead(OURS) });
    expect(end).toMatchObject({ result: 'enriched', sendOutcome: 'sent' });
    expect(calls).toEqual(['read']);
  });

  it.each<[string, object, string[]]>([
    ['unsent', { result: 'enriched' }, ['read', 'intend', 'send', 'answered']],
    ['put_off', { result: 'unknown', reason: 'message_unknown' }, ['read']],
  ])('and whose lead shows no messages: after %s it comes to %j', async (outcome, expected, calls) => {
    const sent = await send(open(10, outcome), { read: lead(undefined) });
    expect(sent.end).toMatchObject(expected);
    expect(sent.calls).toEqual(calls);
  });
});
