import { expect, test } from 'vitest';
import { parseConfig } from '../../../../src/facade/config/load.ts';

/** One slip in the file is one error. */

const TABLE = `upstreams:
  direct:
    url: \${C2S_BASE_URL}
  gateway:
    url: \${C2S_GATEWAY_URL}
compare: {}
routes:
  - id: leads.get
    direct: GET /integration/leads/:leadId
    gateway: GET /leads/:leadId
    rollout: { gateway: 0, shadow: 0, fallback: direct, stickyBy: leadId }
  - id: leads.update
    direct: PATCH /integration/leads/:leadId
    gateway: PATCH /leads/:leadId
    rollout: { gateway: 0, fallback: direct }
`;
const env = { C2S_BASE_URL: 'http://direct.invalid', C2S_GATEWAY_URL: 'http://gateway.invalid' };
const problems = (text: string): string[] => {
  const parsed = parseConfig(text, env);
  return parsed.ok ? [] : parsed.problems.map(({ where, message, remedy }) => `${where}: ${message}; ${remedy}`);
};

test.each([
  ['routes:', 'route:', 'route: unknown key; did you mean "routes"?'],
  ['upstreams:', 'upstream:', 'upstream: unknown key; did you mean "upstreams"?'],
  ['  gateway:\n', '  gatway:\n', 'upstreams.gatway: unknown key; did you mean "gateway"?'],
  ['    url: ${C2S_BASE', '    ulr: ${C2S_BASE', 'upstreams.direct.ulr: unknown key; did you mean "url"?'],
  ['  - id: leads.get', '  - ids: leads.get', 'routes[0].ids: unknown key; did you mean "id"?'],
  [
    'direct: GET',
    'direct: GTE',
    'routes[0] (leads.get).direct: "GTE /integration/leads/:leadId" is not in the right form',
  ],
  ['fallback: direct', 'fallback: dircet', 'routes[0] (leads.get).rollout.fallback: "dircet" is not known here'],
  ['stickyBy: leadId', 'stickyBy: leadID', 'routes[0] (leads.get).rollout.stickyBy: "leadID" is no parameter'],
  ['compare: {}', 'comparee: {}', 'comparee: unknown key; did you mean "compare"?'],
])('%j written as %j', (right, wrong, expected) => {
  const text = TABLE.replace(right, () => wrong);
  expect(text).not.toBe(TABLE);
  expect(problems(text)).toEqual([expect.stringContaining(expected)]);
});

test('without a slip there is none', () => {
  expect(problems(TABLE)).toEqual([]);
});

test('a key that is missing for another reason is told', () => {
  expect(problems(TABLE.replace('  gateway:\n', '  nonsense:\n'))).toEqual([
    expect.stringContaining('upstreams.gateway: is missing'),
    expect.stringContaining('upstreams.nonsense: unknown key; known here'),
  ]);
});
