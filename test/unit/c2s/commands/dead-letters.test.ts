import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { deadLetters } from '../../../../src/c2s/commands/dead-letters.ts';
import type { Context } from '../../../../src/facade/cli/context.ts';
import { EXIT } from '../../../../src/facade/cli/exit.ts';
import { signature } from '../../../../src/facade/cli/signature.ts';

const WHO = signature({}).who;
const ID = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
const LETTER = {
  id: ID,
  leadId: 'bf1a88eaa4ab34b01a257536563fb42b',
  origin: 'c2s',
  state: 'unknown',
  result: 'unknown',
  reason: 'message_unknown',
  step: 'send',
  sends: 1,
  sendOutcome: 'unknown',
  marker: 'ref. c2s-3f9a1c04b7de-9f31c2',
  createdAt: '2026-01-02T03:04:05.000Z',
  finishedAt: '2026-01-02T03:05:05.000Z',
};

async function run(options: object, ids: string[] = [], answer: object = {}) {
  const asked: unknown[][] = [];
  const printed: string[] = [];
  const admin = {
    get: async (...args: unknown[]) => (asked.push(['GET', ...args]), answer),
    send: async (...args: unknown[]) => (asked.push(args), answer),
  };
  const io = { width: 200, out: (text: string) => void printed.push(text) };
  const style = pc.createColors(false);
  const context = { io, style, json: false, admin } as unknown as Context;
  const code = await deadLetters(context, options, ids);
  return { code, asked, text: printed.join('') };
}

describe('dead-letters', () => {
  it('lists them with reason, lead and enrichment', async () => {
    const found = { counts: { failed: 0, unknown: 1 }, deadLetters: [LETTER] };
    const { code, asked, text } = await run({ state: 'unknown', reason: 'message_unknown' }, [], found);
    expect(code).toBe(EXIT.ok);
    expect(asked).toEqual([['GET', '/api/dead-letters?limit=50&state=unknown&reason=message_unknown']]);
    for (const shown of ['message_unknown', LETTER.leadId, ID, '0 failed, 1 unknown.']) expect(text).toContain(shown);
  });

  it('says that there are none', async () => {
    expect((await run({}, [], { counts: { failed: 0, unknown: 0 }, deadLetters: [] })).text).toBe('No dead letters.\n');
  });

  it.each<[object, string[], unknown[]]>([
    [{ retry: true }, [ID], ['POST', '/api/dead-letters/retry', { ids: [ID] }]],
    [{ retry: true, notSent: true }, [ID], ['POST', '/api/dead-letters/retry', { ids: [ID], notSent: true }]],
    [{ retry: true, all: true, reason: 'x' }, [], ['POST', '/api/dead-letters/retry', { all: true, reason: 'x' }]],
    [
      { settle: true, all: true, state: 'failed' },
      [],
      ['POST', '/api/dead-letters/settle', { all: true, state: 'failed', who: WHO }],
    ],
    [{ settle: true }, [ID], ['POST', '/api/dead-letters/settle', { ids: [ID], who: WHO }]],
  ])('does what is said: %j %j', async (options, ids, expected) => {
    const done = 'retry' in options ? { retried: [ID] } : { settled: [ID] };
    const { asked, text } = await run(options, ids, done);
    expect(asked).toEqual([expected]);
    expect(text).toMatch(/^(?:Tried again|Settled): 1 enrichment\.\n$/);
  });

  it.each<[object, string[], string]>([
    [{ retry: true, settle: true }, [ID], 'not both'],
    [{ retry: true }, [], 'ids of enrichments, or --all'],
    [{ retry: true, all: true }, [ID], 'not both'],
    [{ retry: true, all: true, notSent: true }, [], 'looked at'],
    [{ notSent: true }, [ID], '--retry'],
    [{}, [ID], '--retry or --settle'],
    [{ all: true }, [], '--retry or --settle'],
  ])('refuses %j %j', async (options, ids, message) => {
    await expect(run(options, ids)).rejects.toThrow(message);
  });
});
