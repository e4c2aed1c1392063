import pc from 'picocolors';
import { expect, test } from 'vitest';
import { audit } from '../../../../src/c2s/commands/audit.ts';
import type { Context } from '../../../../src/facade/cli/context.ts';
import { EXIT } from '../../../../src/facade/cli/exit.ts';

const RECORD = {
  id: 7,
  at: '2026-01-02T03:04:05.000Z',
  action: 'read',
  who: '0123456789ab',
  via: 'caller token',
  subject: 'CPFs of an enrichment',
  reference: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  people: 2,
  rows: 2,
};

async function run(options: object, answer: object) {
  const asked: string[] = [];
  const printed: string[] = [];
  const get = async (path: string) => (asked.push(path), answer);
  const io = { width: 200, out: (text: string) => void printed.push(text) };
  const context = { io, style: pc.createColors(false), json: false, admin: { get } } as unknown as Context;
  const code = await audit(context, options, []);
  return { code, asked, text: printed.join('') };
}

test('lists who saw what, and how to see older ones', async () => {
  const { code, asked, text } = await run({ action: 'read', who: 'ana', before: 9 }, { records: [RECORD], next: 7 });
  expect(code).toBe(EXIT.ok);
  expect(asked).toEqual(['/api/audit?limit=50&action=read&who=ana&before=9']);
  for (const shown of ['read', RECORD.who, RECORD.via, RECORD.subject, RECORD.reference, '--before 7'])
    expect(text).toContain(shown);
});

test('says that there are none', async () => {
  expect((await run({}, { records: [] })).text).toBe('No records.\n');
});
