import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { PARITY } from './data.ts';
import { cli, startFakeAdmin, type Answers } from './kit.ts';

/** `parity ROUTE`, where the whole text is not in the golden files. */

const [first] = PARITY.routes;

async function shown(argv: readonly string[], answers: Answers) {
  const admin = await startFakeAdmin(answers);
  try {
    return await cli(['parity', ...argv, '--admin', admin.url]);
  } finally {
    await admin.close();
  }
}

test('the proposed rules can be pasted into the route', async () => {
  const proposedRules =
    'compare:\n  ignore:\n    - "$.meta.at" # value: 40 of 40\n    - "$.x\u001b[2J" # value: 40 of 40';
  const { out } = await shown(['leads.get'], {
    'GET /api/parity': { routes: [{ ...first, route: 'leads.get', proposedRules }] },
  });
  const pasted = /^ {4}compare:\n(?: {6}.*\n)+/m.exec(out)?.[0] ?? '';
  const table = `routes:\n  - id: leads.get\n${pasted}`;
  expect(out).not.toContain('\u001b[2J');
  expect(parse(table)).toEqual({ routes: [{ id: 'leads.get', compare: { ignore: ['$.meta.at', '$.x\u001b[2J'] } }] });
});
