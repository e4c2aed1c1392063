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

const LEFT = { perDay: 500, left: 3, isSpent: false };
const SPENT = { perDay: 120, left: 0, isSpent: true };
test.each([
  ['of all routes', { all: SPENT, routes: {} }, ['The 120 requests a day of all routes are spent']],
  ['of the route', { all: LEFT, routes: { 'leads.get': SPENT } }, ['The 120 requests a day of leads.get are spent']],
  ['of another route', { all: LEFT, routes: { 'leads.list': SPENT } }, []],
  ['of nobody', { all: LEFT, routes: {} }, []],
])('the budget %s is spent', async (_what, budget, lines) => {
  const shadowBudget = { ...budget, resetsAt: '2026-11-25T00:00:00Z', isShared: true };
  const { out } = await shown(['leads.get'], { 'GET /api/parity': { ...PARITY, shadowBudget } });
  for (const line of lines) expect(out).toContain(`${line}: nothing is compared until 2026-11-25 00:00:00Z.`);
  if (lines.length === 0) expect(out).not.toContain('spent');
});

const drift = (findings: object[], isLearnt: boolean) => ({ findings, answers: 24, isLearnt });
const finding = { level: 'warning', text: '/data/at: string→null', since: '2026-11-24T00:00:00Z' };
test.each([
  ['none', drift([], true), 1, 'No drift of leads.get: there is nothing to accept.\n'],
  [
    'not learnt',
    drift([], false),
    1,
    'No drift of leads.get: there is nothing to accept. Not learnt yet: 24 answers so far.\n',
  ],
  ['some', drift([finding], true), 0, 'leads.get: what direct answers now is the new normal.\n'],
])('--accept-drift, drift: %s', async (_what, found, code, text) => {
  const routes = [{ ...first, route: 'leads.get', drift: found }];
  const answers = { 'GET /api/parity': { routes }, 'POST /api/parity/leads.get/drift/accept': { route: 'leads.get' } };
  expect(await shown(['leads.get', '--accept-drift'], answers)).toEqual({ code, out: text, err: '' });
});

test('a route that was never compared has no bound, and large numbers are grouped', async () => {
  const counts = { match: 0, mismatch: 0, ignored: 0, error: 0 };
  const never = { ...first, route: 'leads.never', counts, parity: { value: null, low: 0 } };
  const wrong = { ...first, route: 'leads.wrong', counts: { ...counts, mismatch: 1304 }, parity: { value: 0, low: 0 } };
  const { out } = await shown([], { 'GET /api/parity': { routes: [never, wrong] } });
  expect(out).toMatch(/^leads\.never .* 0 +– +–/m);
  expect(out).toMatch(/^leads\.wrong .* 1,304 +0 % +0 %/m);
});
