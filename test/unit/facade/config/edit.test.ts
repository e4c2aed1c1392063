import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editRollout, EditRefused, type RolloutEdit } from '../../../../src/facade/config/edit.ts';
import type { RolloutSet } from '../../../../src/facade/config/rollout.ts';
import { configOf, CREATE_LEAD, ENV, GET_LEAD, withRows } from './support.ts';

const edit = (text: string, set: RolloutSet, route = 'leads.get') => editRollout(text, [{ route, set }], ENV).text;
const withRollout = (rollout: string, ...others: string[]) =>
  withRows(GET_LEAD.replace('rollout: { gateway: 0 }', rollout), ...others);
const refusal = (text: string, edits: readonly RolloutEdit[]): string => {
  try {
    editRollout(text, edits, ENV);
  } catch (error) {
    if (error instanceof EditRefused) return error.message;
    throw error;
  }
  throw new Error('not refused');
};

describe('an edit of the shipped table', () => {
  const shipped = readFileSync('config/facade.yaml', 'utf8');

  it('changes the one number and keeps every other byte', () => {
    const { text, diff } = editRollout(
      shipped,
      [{ route: 'leads.get', set: { gateway: 25 } }],
      ENV,
      'config/facade.yaml',
    );
    const before = shipped.split('\n');
    const after = text.split('\n');
    const changed = after.flatMap((line, i) => (line === before[i] ? [] : [`${before[i]} → ${line}`]));
    expect(after).toHaveLength(before.length);
    expect(changed).toEqual([
      '    rollout: { gateway: 0, shadow: 0, stickyBy: leadId, fallback: direct } →     rollout: { gateway: 25, shadow: 0, stickyBy: leadId, fallback: direct }',
    ]);
    expect(diff.split('\n').filter((line) => /^[-+]/.test(line))).toEqual([
      '--- config/facade.yaml',
      '+++ config/facade.yaml',
      '-    rollout: { gateway: 0, shadow: 0, stickyBy: leadId, fallback: direct }',
      '+    rollout: { gateway: 25, shadow: 0, stickyBy: leadId, fallback: direct }',
    ]);
  });

  it('changes several routes at once, and back again to the same bytes', () => {
    const edits = (gateway: number) =>
      ['leads.get', 'leads.list', 'tags.list'].map((route) => ({ route, set: { gateway } }));
    const there = editRollout(shipped, edits(50), ENV).text;
    expect(configOf(there).routes.filter(({ rollout }) => rollout.gateway === 50)).toHaveLength(3);
    expect(editRollout(there, edits(0), ENV).text).toBe(shipped);
  });

  it('changes nothing where the file says it already, by itself or by default', () => {
    const { text, diff } = editRollout(shipped, [{ route: 'leads.get', set: { gateway: 0, fallback: 'direct' } }], ENV);
    expect([text, diff]).toEqual([shipped, '']);
    const bare = withRollout('rollout: { gateway: 5 }');
    expect(edit(bare, { gateway: 5, shadow: 0, fallback: 'direct' })).toBe(bare);
  });
});

describe('a rollout', () => {
  it.each([
    ['in braces', 'rollout: { gateway: 0 }', { gateway: 5 }, 'rollout: { gateway: 5 }'],
    ['in odd spacing', 'rollout:   {gateway :  0 ,shadow: 1}', { gateway: 5 }, 'rollout:   {gateway :  5 ,shadow: 1}'],
    [
      'quoted',
      'rollout: { "gateway": 0, \'fallback\': "direct" }',
      { fallback: 'none', gateway: 100 },
      'rollout: { "gateway": 100, \'fallback\': none }',
    ],
    ['without the key', 'rollout: { gateway: 0 }', { shadow: 10 }, 'rollout: { gateway: 0, shadow: 10 }'],
    [
      'without two keys',
      'rollout: { gateway: 0 } # still',
      { shadow: 10, stickyBy: 'caller' },
      'rollout: { gateway: 0, shadow: 10, stickyBy: caller } # still',
    ],
    ['with a comma at the end', 'rollout: { gateway: 0, }', { shadow: 10 }, 'rollout: { gateway: 0, shadow: 10, }'],
    [
      'in braces over lines',
      'rollout: {\n  gateway: 0, # now\n  shadow: 5 # soon\n}',
      { gateway: 1, fallback: 'none' },
      'rollout: {\n  gateway: 1, # now\n  shadow: 5, fallback: none # soon\n}',
    ],
    [
      'as a block',
      'rollout:\n  # how much\n  gateway: 0 # none yet\n  fallback: direct',
      { gateway: 12.5 },
      'rollout:\n  # how much\n  gateway: 12.5 # none yet\n  fallback: direct',
    ],
    [
      'as a block without the key',
      'rollout:\n  gateway: 0 # none yet\n  # the end',
      { shadow: 10, fallback: 'none' },
      'rollout:\n  gateway: 0 # none yet\n  shadow: 10\n  fallback: none\n  # the end',
    ],
    ['with a tag', 'rollout: !!map { gateway: !!int 0 }', { gateway: 5 }, 'rollout: !!map { gateway: !!int 5 }'],
    [
      'with a number in another spelling',
      'rollout: { gateway: 0x10 }',
      { gateway: 0.29 },
      'rollout: { gateway: 0.29 }',
    ],
  ] as const)('%s is edited in place', (_, before, set, after) => {
    expect(edit(withRollout(before, CREATE_LEAD), set)).toBe(withRollout(after, CREATE_LEAD));
  });

  it('keeps the line ends and the byte order mark of an editor under Windows', () => {
    const windows = (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`;
    const before = windows(withRollout('rollout:\n  gateway: 0'));
    expect(edit(before, { gateway: 5, shadow: 1 })).toBe(windows(withRollout('rollout:\n  gateway: 5\n  shadow: 1')));
  });

  it('is completed at the end of a file without a last line end', () => {
    expect(edit(withRollout('rollout:\n  gateway: 0').trimEnd(), { shadow: 1 })).toMatch(/gateway: 0\n {6}shadow: 1$/);
  });

  it('of any layout comes back byte by byte when the edit is taken back', () => {
    const percent = fc.integer({ min: 0, max: 10_000 }).map((n) => n / 100);
    const layout = fc.constantFrom(
      (g: number, s: number) => `rollout: { gateway: ${g}, shadow: ${s} } # g`,
      (g: number, s: number) => `rollout: {shadow:   ${s}, # s\n\n  gateway:\n    ${g} }`,
      (g: number, s: number) => `rollout:\n      gateway: ${g}\n\n      # mind\n      shadow:    ${s}\t# s`,
    );
    fc.assert(
      fc.property(layout, percent, percent, percent, percent, (lay, g, s, toG, toS) => {
        const text = withRollout(lay(g, s), CREATE_LEAD);
        const there = edit(text, { gateway: toG, shadow: toS });
        expect(configOf(there).routes[0]?.rollout).toMatchObject({ gateway: toG, shadow: toS });
        expect(edit(there, { gateway: g, shadow: s })).toBe(text);
      }),
      { numRuns: 150 },
    );
  });
});

describe('an edit is refused', () => {
  it('for a route that the file does not have', () => {
    expect(refusal(withRows(GET_LEAD), [{ route: 'leads.gett', set: { gateway: 1 } }])).toBe(
      'facade.yaml has no route leads.gett; write the id of one of its routes',
    );
  });

  it('with every reason of the loader where write safety or a range forbids it', () => {
    const text = withRows(GET_LEAD, CREATE_LEAD);
    const reasons = refusal(text, [
      { route: 'leads.create', set: { shadow: 10 } },
      { route: 'leads.get', set: { gateway: 101 } },
    ]);
    expect(reasons).toContain('the loader would refuse the result');
    expect(reasons).toMatch(/routes\[0\] \(leads\.get\)\.rollout\.gateway: .*100/);
    expect(reasons).toContain(
      'routes[1] (leads.create).rollout.shadow: a copied write would be done twice in the same CRM',
    );
  });

  it('of a file that has errors already', () => {
    expect(refusal(withRollout('rollout: { gateway: 200 }'), [{ route: 'leads.get', set: { gateway: 1 } }])).toMatch(
      /^facade\.yaml has errors; mend them first:\nfacade\.yaml:8:\d+ /,
    );
  });

  const TAGS = 'id: tags.list\ndirect: GET /integration/tags\ngateway: GET /tags\nrollout: *shared';
  it.each([
    ['the anchor', 'rollout: &shared { gateway: 0 }', TAGS, 'leads.get'],
    ['the alias', 'rollout: &shared { gateway: 0 }', TAGS, 'tags.list'],
    [
      'an anchored number',
      'rollout: { gateway: &shared 0 }',
      TAGS.replace('*shared', '{ gateway: *shared }'),
      'leads.get',
    ],
    [
      'the alias of a number',
      'rollout: { gateway: &shared 0 }',
      TAGS.replace('*shared', '{ gateway: *shared }'),
      'tags.list',
    ],
  ])('at %s: what is shared would change for all', (_, first, second, route) => {
    const text = withRollout(first, second);
    expect(refusal(text, [{ route, set: { gateway: 5 } }])).toMatch(
      new RegExp(
        `^(the rollout|rollout\\.gateway) of ${route} is shared by an anchor \\(\\*?shared\\); write the value out`,
      ),
    );
  });

  it('at a value that spans lines, or a key in a place of its own', () => {
    const block = withRollout('rollout:\n  gateway: 0\n  fallback: |-\n    direct');
    expect(refusal(block, [{ route: 'leads.get', set: { fallback: 'none' } }])).toMatch(/no plain value .* by hand/);
    expect(refusal(block, [{ route: 'leads.get', set: { shadow: 5 } }])).toMatch(/unusual way; add "shadow: 5"/);
    const asked = withRollout('rollout:\n  ? gateway\n  : 0');
    expect(refusal(asked, [{ route: 'leads.get', set: { shadow: 5 } }])).toMatch(/unusual way/);
  });
});

const HOOK = 'https://hooks.example.com/T0/test-hook-4711';
const SECRET = 'a-secret-of-sixteen-signs';

it.each([
  ['in lines', `notify:\n  - url: ${HOOK}\n    secret: ${SECRET}\n`],
  ['in one line', `notify: [{ url: "${HOOK}", secret: ${SECRET} }]\n`],
  ['folded', `notify:\n  - url:\n      ${HOOK}\n    secret: >-\n      ${SECRET}\n`],
])('shows no address and no secret of a hook that stands %s below the route', (_, notify) => {
  const { diff } = editRollout(withRows(GET_LEAD) + notify, [{ route: 'leads.get', set: { gateway: 5 } }], ENV);
  expect(diff).toContain('+    rollout: { gateway: 5 }');
  for (const secret of [HOOK, SECRET]) expect(diff).not.toContain(secret);
});
