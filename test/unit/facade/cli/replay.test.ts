import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { replay } from '../../../../src/facade/cli/replay.ts';
import { freeze } from '../../../../src/facade/compare/fixture.ts';
import { json, NOON, rulesWith } from '../compare/support.ts';
import { configOf, GET_LEAD, withRows } from '../config/support.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  const frozen = (control: unknown, candidate: unknown) =>
    JSON.stringify(
      freeze(
        {
          route: 'leads.get',
          at: NOON,
          differences: [],
          control: json(control),
          candidate: json(candidate, 'gateway'),
        },
        rulesWith(),
        Math.random,
      ),
    );
  writeFileSync(join(folder, '1.json'), frozen({ phone: 'x', at: 1 }, { phone: null, at: 2 }));
  writeFileSync(join(folder, '2.json'), frozen({ phone: 'x', at: 1 }, { phone: 'x', at: 1 }));
  writeFileSync(join(folder, 'notes.txt'), 'no fixture');
  writeFileSync(join(folder, 'broken'), '{');
  writeFileSync(join(folder, 'other'), '{"version":2}');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function replayed(paths: readonly string[], compare = '', parts = '') {
  const lines: string[] = [];
  const row = compare === '' ? GET_LEAD : `${GET_LEAD}\ncompare: ${compare}`;
  const config = configOf(`${parts}\n${withRows(row)}`);
  const print = (line: string) => void lines.push(line.replaceAll(folder, ''));
  const code = await replay({
    pair: CONTACT2SALE,
    config,
    paths: paths.map((path) => join(folder, path)),
    now: NOON,
    print,
  });
  return { code, lines };
}

describe('replay', () => {
  it('prints the groups of a folder, and exits with 1 where something differs', async () => {
    expect(await replayed(['.'])).toEqual({
      code: 1,
      lines: [
        'leads.get: 2 fixtures: 1 match, 0 ignored, 1 mismatch, 0 error',
        '  /at: value number→number, 1 of 2',
        '  /phone: type string→null, 1 of 2',
      ],
    });
  });

  it('goes by the rules of the config, and by its ledger', async () => {
    expect((await replayed(['1.json'], '{ ignore: [$.at, $.phone] }')).code).toBe(0);
    const known =
      'knownDifferences: [{ route: leads.get, path: /phone, kind: type, why: soon, owner: crm, expires: 2027-01-31 }]';
    expect(await replayed(['1.json'], '{ ignore: [$.at] }', known)).toEqual({
      code: 0,
      lines: [
        'leads.get: 1 fixtures: 0 match, 1 ignored, 0 mismatch, 0 error',
        '  /phone: type string→null, 1 of 1 (known until 2027-01-31, crm: soon)',
      ],
    });
  });

  it('says what cannot be read, and exits with 2', async () => {
    const { code, lines } = await replayed(['gone', 'broken', 'other', '2.json']);
    expect(code).toBe(2);
    expect(lines.slice(0, 2)).toEqual(['/gone: cannot be read (ENOENT)', '/broken: cannot be read (no JSON)']);
    expect(lines[2]).toMatch(/^\/other: is no fixture: version: /);
    expect(lines[3]).toContain('1 match');
    expect((await replayed([])).code).toBe(2);
  });

  it('says which route a fixture wants that the config does not have', async () => {
    const lines: string[] = [];
    const config = configOf(withRows('id: other\ndirect: GET /a\nrollout: { gateway: 0 }'));
    const paths = [join(folder, '2.json')];
    expect(await replay({ pair: CONTACT2SALE, config, paths, now: NOON, print: (line) => void lines.push(line) })).toBe(
      2,
    );
    expect(lines).toEqual([`${paths[0]}: no route of the config has the id leads.get`]);
  });
});
