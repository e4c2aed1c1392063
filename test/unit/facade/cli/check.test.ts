import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Callers } from '../../../../src/facade/forward/callers.ts';
import { PARITY, TABLE } from './data.ts';
import { cli, startFakeAdmin } from './kit.ts';

/** What `check` warns of on autopilot: gates that the traffic of a route can never meet. */

const dir = mkdtempSync(join(tmpdir(), 'c2s-check-'));
const file = join(dir, 'facade.yaml');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const env = { C2S_BASE_URL: 'https://crm.example', C2S_TOKEN: 'a-token' };
const DAY = 86_400_000;

interface Written {
  readonly compare?: string;
  readonly autopilot?: string;
}

/** The warnings of this kind. @param compared in a day, as a running facade says; undefined: none is asked. */
async function warned({ compare = '{}', autopilot = '{}' }: Written, compared?: number): Promise<string[]> {
  writeFileSync(
    file,
    `upstreams:
  direct: { url: "\${C2S_BASE_URL}", rateBudget: { requests: 100, period: 1m } }
  gateway: { url: "https://gateway.example" }
compare: ${compare}
routes:
  - id: leads.get
    direct: GET /integration/leads/:leadId
    gateway: GET /leads/:leadId
    rollout: { gateway: 0, shadow: 10, fallback: direct }
    autopilot: ${autopilot}
`,
  );
  const [first] = PARITY.routes;
  const counts = { match: compared ?? 0, mismatch: 0, ignored: 0, error: 0 };
  const report = { ...first, route: 'leads.get', counts, pace: { spanMs: DAY } };
  const admin = await startFakeAdmin({ 'GET /api/routes': TABLE, 'GET /api/parity': { routes: [report] } });
  const asked = compared === undefined ? ['--offline'] : ['--admin', admin.url];
  const { out } = await cli(['check', '--json', '--config', file, ...asked], { env });
  await admin.close();
  const { warnings } = JSON.parse(out) as { warnings: { kind: string; message: string }[] };
  return warnings.filter(({ kind }) => kind === 'autopilot-too-quiet').map(({ message }) => message);
}

test.each<[string, Written, number | undefined, RegExp]>([
  ['one a minute, 0.999 in a day', {}, 1_440, /parity of 0\.999: at 60 comparisons an hour .* 197 an hour would do/],
  [
    'too few are counted',
    { compare: '{ shadows: 1000 }' },
    undefined,
    /compare\.shadows counts 800 comparisons at most/,
  ],
  ['nothing proves it', { autopilot: '{ gates: { parity: 1 } }' }, undefined, /no number of comparisons proves it/],
])('warns of %s', async (_, written, compared, expected) => {
  expect(await warned(written, compared)).toEqual([expect.stringMatching(expected)]);
});

test.each<[string, Written, number | undefined]>([
  ['one a minute in a week', { compare: '{ window: 7d }' }, 1_440],
  ['one a minute, and 0.99', { autopilot: '{ gates: { parity: 0.99 } }' }, 1_440],
  ['five a minute', {}, 7_200],
  ['nobody was asked', {}, undefined],
])('warns of nothing: %s', async (_, written, compared) => {
  expect(await warned(written, compared)).toEqual([]);
});

test('warns of a caller that is named and that no token has, wherever it is named', async () => {
  const token = 'token-of-a-pilot';
  const known = new Callers(undefined, [token], new Set()).all[0]?.id ?? '';
  const text = (id: string) => `upstreams:
  direct: { url: "\${C2S_BASE_URL}" }
  gateway: { url: "https://gateway.example" }
defaults: { callers: { "${id}": gateway } }
routes:
  - id: leads.get
    direct: GET /integration/leads/:leadId
    gateway: GET /leads/:leadId
    rollout: { gateway: 0, fallback: direct }
    callers: { "${id}": direct }
`;
  const kinds = async (id: string, variables: Record<string, string>): Promise<string[]> => {
    writeFileSync(file, text(id));
    const { out } = await cli(['check', '--json', '--offline', '--config', file], { env: variables });
    const { warnings } = JSON.parse(out) as { warnings: { kind: string; where: string }[] };
    return warnings.filter(({ kind }) => kind === 'unknown-caller-id').map(({ where }) => where);
  };
  const tokens = { C2S_BASE_URL: 'https://crm.example', FACADE_TOKENS: token };
  expect(await kinds(known, tokens)).toEqual([]);
  expect(await kinds('0123456789ab', tokens)).toEqual([
    'defaults.callers.0123456789ab',
    'routes[0] (leads.get).callers.0123456789ab',
  ]);
  // The sandbox makes its callers itself, whatever tokens are set.
  expect(await kinds('0123456789ab', { FACADE_TOKENS: token })).toEqual([]);
  // Where the tokens are elsewhere, nothing can be said.
  expect(await kinds('0123456789ab', { C2S_BASE_URL: 'https://crm.example' })).toEqual([]);
});
