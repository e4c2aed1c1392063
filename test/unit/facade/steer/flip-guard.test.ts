import { afterEach, describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import type { ParityReport } from '../../../../src/facade/compare/report.ts';
import { VERDICTS } from '../../../../src/facade/compare/verdict.ts';
import type { RolloutValues } from '../../../../src/facade/config/rollout.ts';
import { withRollouts } from '../../../../src/facade/config/rollouts.ts';
import type { FlipSource } from '../../../../src/facade/rollout/flip.ts';
import type { RolloutStoreKind } from '../../../../src/facade/steer/diff-file.ts';
import {
  createFlipGuard,
  mendOf,
  type FlipCheck,
  type GatewayTrouble,
} from '../../../../src/facade/steer/flip-guard.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import { configOf, withRows } from '../config/support.ts';
import { BY_CLI, startRig, table, type Rig } from './rig.ts';

/** A read, a write, and routes of one endpoint. */
const CONFIG = configOf(
  withRows(
    'id: read\ndirect: GET /integration/leads/:leadId\ngateway: GET /leads/:leadId\nrollout: { gateway: 0 }',
    'id: write\ndirect: POST /integration/leads\ngateway: POST /leads\nrollout: { gateway: 0 }',
    'id: old\ndirect: GET /integration/me\nrollout: { gateway: 0 }',
    'id: new\ngateway: GET /new\nrollout: { gateway: 0 }',
  ),
);

const WHY = {
  ready: '',
  'not enough data': '12 of 471 comparisons',
  'not ready': '57 of 82 answers differ',
  'cannot be measured': 'a write is not shadowed',
};

/** As much of a report as the guard reads. `never compared` is a read of which nothing was judged. */
function reportOf(verdict: string): ParityReport {
  const isCompared = verdict !== 'never compared';
  const kind = isCompared ? verdict : 'not enough data';
  const text = isCompared ? WHY[verdict as keyof typeof WHY] : '0 of 471 comparisons';
  const reasons = text === '' ? [] : [{ kind: 'samples', text }];
  const counts = { match: isCompared ? 82 : 0, mismatch: 0, ignored: 0 };
  return { counts, pace: { spanMs: 0 }, verdict: { kind, reasons, text } } as unknown as ParityReport;
}

const at = (gateway: number, fallback: RolloutValues['fallback'] = 'direct', shadow = 0): RolloutValues => ({
  gateway,
  shadow,
  stickyBy: 'caller',
  fallback,
});

interface Asked {
  readonly route?: string;
  readonly verdict?: string | undefined;
  readonly from: RolloutValues;
  readonly to: RolloutValues;
  readonly lacks?: boolean;
  readonly trouble?: GatewayTrouble | undefined;
  /** `compare`, where it is not as shipped. */
  readonly compare?: object;
  /** `defaults.callers` */
  readonly callers?: object;
}

function checkOf({
  route = 'read',
  verdict,
  from,
  to,
  lacks = false,
  trouble,
  callers = {},
  compare = {},
}: Asked): FlipCheck {
  const guard = createFlipGuard({
    reportOf: () => (verdict === undefined ? undefined : reportOf(verdict)),
    lacksOperation: () => lacks,
    gatewayTrouble: () => trouble,
    variables: () => ({ FACADE_TOKENS: 'token-of-the-only-caller' }),
    pairVariables: CONTACT2SALE.variables,
  });
  const defaults = { ...CONFIG.defaults, callers: callers as (typeof CONFIG)['defaults']['callers'] };
  const config = { ...CONFIG, defaults, compare: { ...CONFIG.compare, ...compare } };
  const [check] = guard([{ route, from, to }], withRollouts(config, new Map([[route, to]])).config);
  return check as FlipCheck;
}

const AGAINST = 'gateway 0 → 5 against the verdict';
const WITHOUT = 'gateway 0 → 5 without evidence';
const NONE_WITHOUT = 'fallback: none without evidence';
const NONE_AGAINST = 'fallback: none against the verdict';
const EARLY = 'fallback: none at gateway 5, though direct still serves the rest';

const FREE = { up: [], retired: [] };
/** What stands against raising to 5, and against `fallback: none` at 100. */
const NEEDS: readonly (readonly [route: string, verdict: string, { up: string[]; retired: string[] }])[] = [
  ['read', 'ready', FREE],
  ['read', 'not enough data', { up: [], retired: [NONE_WITHOUT] }],
  ['read', 'not ready', { up: [AGAINST], retired: [NONE_AGAINST] }],
  ['read', 'never compared', { up: [WITHOUT], retired: [NONE_WITHOUT] }],
  ['write', 'ready', FREE],
  ['write', 'not enough data', { up: [], retired: [NONE_WITHOUT] }],
  ['write', 'not ready', { up: [AGAINST], retired: [NONE_AGAINST] }],
  ['write', 'cannot be measured', { up: [], retired: [NONE_WITHOUT] }],
];

describe.each(NEEDS)('a %s whose parity is %s', (route, verdict, { up, retired }) => {
  const needs = (from: RolloutValues, to: RolloutValues) => checkOf({ route, verdict, from, to }).needsForce;

  it('raised', () => expect(needs(at(0), at(5))).toEqual(up));
  it('raised, where it is retired already', () => expect(needs(at(0, 'none'), at(5, 'none'))).toEqual(up));
  it('retired at 100', () => expect(needs(at(100), at(100, 'none'))).toEqual(retired));
  it('retired below 100', () => expect(needs(at(5), at(5, 'none'))).toEqual([...retired, EARLY]));
  it('raised and retired below 100', () => expect(needs(at(0), at(5, 'none'))).toEqual([...up, ...retired, EARLY]));
  it.each([
    ['lowered', at(100), at(5)],
    ['lowered to 0', at(100), at(0)],
    ['lowered, where it is retired', at(100, 'none'), at(5, 'none')],
    ['given its fallback again', at(5, 'none'), at(5)],
    ['shadowed', at(5), at(5, 'direct', 100)],
    ['shadowed no more', at(5, 'direct', 100), at(5)],
    ['split by another parameter', at(5), { ...at(5), stickyBy: 'leadId' }],
  ])('%s needs no force', (_, from, to) => expect(needs(from, to)).toEqual([]));
});

describe('the check of a flip', () => {
  it('knows every verdict of the report', () => {
    expect(Object.keys(WHY).toSorted()).toEqual([...VERDICTS].toSorted());
  });

  it.each([
    ['read', undefined, 'never compared'],
    ['write', undefined, 'cannot be measured'],
    ['old', 'ready', 'one endpoint'],
    ['new', 'ready', 'one endpoint'],
  ])('of %s with the report %s says %s', (route, verdict, said) => {
    expect(checkOf({ route, verdict, from: at(0), to: at(100, 'none') })).toMatchObject({
      verdict: said,
      ...(said === 'one endpoint' && { needsForce: [] }),
    });
  });

  it.each([
    ['lowered', at(100), at(5), 'not asked'],
    ['lowered and retired', at(100), at(5, 'none'), 'not ready'],
    ['shadowed', at(5), at(5, 'direct', 10), 'not ready'],
  ])('asks for the evidence of a route that is %s: %j to %j is %s', (_, from, to, verdict) => {
    expect(checkOf({ verdict: 'not ready', from, to }).verdict).toBe(verdict);
  });

  it('has the reasons of the verdict, and what check warns of were the change in the file', () => {
    const check = checkOf({ verdict: 'not ready', from: at(0), to: at(5, 'none', 10) });
    expect(check).toMatchObject({ verdict: 'not ready', because: ['57 of 82 answers differ'] });
    const kinds = check.warnings.map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['canary-without-fallback', 'few-callers', 'no-gateway', 'shadow-without-budget']);
    const write = checkOf({ route: 'write', verdict: 'cannot be measured', from: at(0), to: at(100) });
    expect(write.warnings.map(({ kind }) => kind)).toContain('write-without-evidence');
  });

  const NAMED = { '3f2a9c81d0b7': 'gateway', aabbccddeeff: 'direct' };
  const others = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`00000000000${i}`, 'gateway']));
  it.each<[string, RolloutValues, RolloutValues, object, string]>([
    ['raised', at(0), at(5), NAMED, '(gateway for 3f2a9c81d0b7; direct for aabbccddeeff)'],
    ['lowered to 0', at(100), at(0), { '3f2a9c81d0b7': 'gateway' }, '(gateway for 3f2a9c81d0b7)'],
    ['retired', at(100), at(100, 'none'), { aabbccddeeff: 'direct' }, '(direct for aabbccddeeff)'],
    ['raised', at(0), at(5), others, '(gateway for 000000000000, 000000000001, 000000000002 and 2 more)'],
  ])('tells which callers stay where they are, of a route that is %s: %j to %j, %j', (_, from, to, callers, said) => {
    const [named] = checkOf({ from, to, callers }).warnings.filter(({ kind }) => kind === 'named-callers');
    expect(named?.message).toBe(`callers of read take a path whatever the share is ${said}`);
  });

  it('says nothing of named callers where there are none, or no other path', () => {
    const kinds = (asked: Asked) => checkOf(asked).warnings.map(({ kind }) => kind);
    expect(kinds({ from: at(0), to: at(5) })).not.toContain('named-callers');
    expect(kinds({ route: 'new', from: at(0), to: at(5), callers: NAMED })).not.toContain('named-callers');
  });

  it.each([
    [{}, 'there is 1 caller:'],
    [{ aabbccddeeff: 'direct' }, 'there are 0 callers besides 1 named:'],
  ])('counts the callers that the share decides of: %j named', (callers, said) => {
    const [few] = checkOf({ from: at(0), to: at(5), callers }).warnings.filter(({ kind }) => kind === 'few-callers');
    expect(few?.message).toContain(`read is split by caller, and ${said} 5 % may move`);
  });

  it('tells that the gateway lacks the operation, which needs no force by itself', () => {
    const asked = { verdict: 'ready', from: at(0), to: at(5) };
    expect(checkOf({ ...asked, lacks: true })).toMatchObject({ gatewayLacksOperation: true, needsForce: [] });
    expect(checkOf({ ...asked, route: 'old', lacks: true })).toMatchObject({ gatewayLacksOperation: false });
  });
});

const OPEN: GatewayTrouble = { text: "the gateway's breaker is open", isDown: true };
const HALF_OPEN: GatewayTrouble = { text: "the gateway's breaker is half-open", isDown: false };
const WHILE = "while the gateway's breaker is open";

describe('a gateway that is in trouble', () => {
  it.each<[string, RolloutValues, RolloutValues, GatewayTrouble, string[], GatewayTrouble | undefined]>([
    ['raised', at(5), at(25), OPEN, [`gateway 5 → 25 ${WHILE}`], OPEN],
    ['raised from 0', at(0), at(5), OPEN, [`gateway 0 → 5 ${WHILE}`], OPEN],
    ['retired at 100', at(100), at(100, 'none'), OPEN, [`fallback: none ${WHILE}`], OPEN],
    ['both', at(5), at(100, 'none'), OPEN, [`gateway 5 → 100 ${WHILE}`, `fallback: none ${WHILE}`], OPEN],
    ['raised while half-open', at(0), at(5), HALF_OPEN, [], HALF_OPEN],
    ['retired while half-open', at(100), at(100, 'none'), HALF_OPEN, [], HALF_OPEN],
    ['lowered', at(25), at(5), OPEN, [], undefined],
    ['lowered to 0', at(25), at(0), OPEN, [], undefined],
    ['shadowed', at(5), at(5, 'direct', 10), OPEN, [], undefined],
    ['given its fallback again', at(100, 'none'), at(100), OPEN, [], undefined],
  ])('%s: %j to %j', (_, from, to, trouble, needsForce, told) => {
    for (const [route, verdict] of [
      ['read', 'ready'],
      ['write', 'ready'],
    ] as const) {
      const check = checkOf({ route, verdict, from, to, trouble });
      expect([check.needsForce, check.gatewayTrouble]).toEqual([needsForce, told]);
    }
  });

  it('is told beside what the evidence says', () => {
    const check = checkOf({ verdict: 'not ready', from: at(0), to: at(5), trouble: OPEN });
    expect(check.needsForce).toEqual([AGAINST, `gateway 0 → 5 ${WHILE}`]);
  });

  it.each(['old', 'new'])('says nothing of %s, which has one endpoint', (route) => {
    const check = checkOf({ route, verdict: 'ready', from: at(0), to: at(100, 'none'), trouble: OPEN });
    expect([check.needsForce, check.gatewayTrouble]).toEqual([[], undefined]);
  });
});

describe('what to do first about what needs force', () => {
  const ready = { verdict: 'ready', from: at(0), to: at(5) };
  it.each([
    [[{ ...ready, trouble: OPEN }], 'Wait until the gateway is well again'],
    [[{ ...ready, verdict: 'not ready' }], 'Mend what the parity names'],
    [
      [{ ...ready, verdict: 'not ready', trouble: OPEN }],
      'Wait until the gateway is well again and mend what the parity names',
    ],
    [
      [
        { ...ready, verdict: 'not ready', trouble: HALF_OPEN },
        { ...ready, trouble: OPEN },
      ],
      'Wait until the gateway is well again and mend what the parity names',
    ],
  ])('%j', (asked, todo) => expect(mendOf(asked.map(checkOf), 'the parity')).toBe(todo));
});

it.each([
  ['compare.perDay', { perDay: 100 }, 'perDay 100 takes'],
  ['nothing', {}, undefined],
])('a flip to shadows tells that %s is too small', (_, compare, said) => {
  const { warnings } = checkOf({ verdict: 'ready', from: at(0), to: at(0, 'direct', 10), compare });
  const [warning] = warnings.filter(({ kind }) => kind === 'per-day-too-small');
  if (said === undefined) expect(warning).toBeUndefined();
  else expect(warning?.message).toContain(said);
});

const rigs: Rig[] = [];
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.close())));

const NOT_READY = (verdicts: Readonly<Record<string, string>>, trouble?: GatewayTrouble) =>
  createFlipGuard({
    reportOf: (route) => reportOf(verdicts[route] ?? 'ready'),
    lacksOperation: () => false,
    gatewayTrouble: () => trouble,
    variables: () => ({}),
    pairVariables: CONTACT2SALE.variables,
  });

describe.each(['file', 'database'] as const)('with the %s as the rollout store', (kind: RolloutStoreKind) => {
  const start = (percent: Record<string, number>, verdicts: Record<string, string> = { 'leads.get': 'not ready' }) => {
    const rig = startRig(kind, table(percent), new MemoryFlips(() => new Date(0)), NOT_READY(verdicts));
    rigs.push(rig);
    return rig;
  };
  const flip = (rig: Rig, gateway: number, more: object = {}) =>
    rig.steering.flip({ ...BY_CLI, changes: [{ route: 'leads.get', set: { gateway } }], ...more });
  const history = async (rig: Rig) =>
    (await rig.steering.history({ limit: 10 })).flips.map((line) =>
      line.kind === 'flip' ? [line.source, line.to.gateway, line.forced, line.against] : [],
    );
  const HELD = 'gateway 0 → 5 against the verdict (parity: not ready, 57 of 82 answers differ)';

  it('a flip that needs force is refused without it, says why, and changes nothing', async () => {
    const rig = start({ 'leads.get': 0, 'tags.list': 0 });
    const changes = ['tags.list', 'leads.get'].map((route) => ({ route, set: { gateway: 5 } }));
    const refused = rig.steering.flip({ ...BY_CLI, changes });
    await expect(refused).rejects.toMatchObject({
      kind: 'needs-force',
      message: expect.stringContaining(HELD) as string,
    });
    await expect(refused).rejects.toThrow(
      /^leads\.get needs force: .*\nNothing was changed\. .*force: true with a why/,
    );
    expect([rig.rollout('tags.list')?.gateway, rig.text(), await history(rig)]).toEqual([
      0,
      table({ 'leads.get': 0, 'tags.list': 0 }),
      [],
    ]);
  });

  it('a dry run tells it, and refuses nothing', async () => {
    const rig = start({ 'leads.get': 0 });
    const plan = await flip(rig, 5, { dryRun: true });
    expect(plan.guard).toMatchObject([{ route: 'leads.get', verdict: 'not ready', needsForce: [AGAINST] }]);
  });

  it('with force it is made, and stands in the history as forced with what was against it', async () => {
    const rig = start({ 'leads.get': 0, 'tags.list': 0 });
    for (const why of [undefined, '', ' ', '\u200b\ufeff', '\u00a0\u2060', '\u{e0041}'])
      await expect(flip(rig, 5, { force: true, why })).rejects.toMatchObject({ kind: 'invalid' });
    const changes = ['leads.get', 'tags.list'].map((route) => ({ route, set: { gateway: 5 } }));
    await rig.steering.flip({ ...BY_CLI, changes, force: true });
    expect(rig.rollout('leads.get')?.gateway).toBe(5);
    expect(await history(rig)).toEqual([
      ['cli', 5, true, HELD],
      ['cli', 5, undefined, undefined],
    ]);
  });

  it('a flip while the gateway is down is refused, and with force the history has what stood against it', async () => {
    const rig = startRig(kind, table({ 'leads.get': 0 }), new MemoryFlips(() => new Date(0)), NOT_READY({}, OPEN));
    rigs.push(rig);
    await expect(flip(rig, 5)).rejects.toMatchObject({
      kind: 'needs-force',
      message: [
        `leads.get needs force: gateway 0 → 5 ${WHILE} (parity: ready)`,
        'Nothing was changed. Wait until the gateway is well again, or send force: true with a why.',
      ].join('\n'),
    });
    await flip(rig, 5, { force: true });
    expect(await history(rig)).toEqual([['cli', 5, true, `gateway 0 → 5 ${WHILE} (parity: ready)`]]);
  });

  it('force where none is needed is not in the history', async () => {
    const rig = start({ 'leads.get': 0 }, {});
    await flip(rig, 5, { force: true });
    expect(await history(rig)).toEqual([['cli', 5, undefined, undefined]]);
  });

  it('lowering and the way back down are free; a rollback above what serves is a flip upward', async () => {
    const rig = start({ 'leads.get': 5 });
    await flip(rig, 0);
    await expect(rig.steering.rollback(0, BY_CLI)).rejects.toMatchObject({ kind: 'needs-force' });
    await rig.steering.rollback(0, { ...BY_CLI, force: true });
    await rig.steering.rollback(undefined, BY_CLI);
    expect(await history(rig)).toEqual([
      ['rollback', 0, undefined, undefined],
      ['rollback', 5, true, HELD],
      ['cli', 0, undefined, undefined],
    ]);
  });

  it('the autopilot is not asked: it has gates of its own', async () => {
    const rig = start({ 'leads.get': 0 });
    const source: FlipSource = 'autopilot';
    expect(await flip(rig, 5, { source })).toMatchObject({ guard: [], changes: [{ to: { gateway: 5 } }] });
  });

  it('an edit of the file serves, and is told in the log and in the history', async () => {
    const rig = start({ 'leads.get': 0, 'tags.list': 0 });
    await rig.save(table({ 'leads.get': 5, 'tags.list': 5 }));
    expect(rig.rollout('leads.get')?.gateway).toBe(5);
    expect(await history(rig)).toEqual([
      ['file', 5, undefined, HELD],
      ['file', 5, undefined, undefined],
    ]);
    const told = rig.logs.filter((line) => line.includes('needed force'));
    expect(told.map((line) => JSON.parse(line) as object)).toMatchObject([{ route: 'leads.get', against: HELD }]);
    await rig.save(table({ 'leads.get': 0, 'tags.list': 0 }));
    expect(rig.logs.filter((line) => line.includes('needed force'))).toHaveLength(1);
  });

  it('a file that is found at the start is not told: the evidence of before is not there yet', async () => {
    const flips = new MemoryFlips(() => new Date(0));
    rigs.push(startRig(kind, table({ 'leads.get': 0 }), flips, NOT_READY({ 'leads.get': 'not ready' })));
    const rig = startRig(kind, table({ 'leads.get': 5 }), flips, NOT_READY({ 'leads.get': 'not ready' }));
    rigs.push(rig);
    await rig.steering.look();
    expect(await history(rig)).toEqual([['file', 5, undefined, undefined]]);
    expect(rig.logs.join('')).not.toContain('needed force');
  });
});

it('an edit of the file is judged by what serves, not by what the file said before', async () => {
  const guard = NOT_READY({ 'leads.get': 'not ready' });
  const rig = startRig('database', table({ 'leads.get': 0 }), new MemoryFlips(() => new Date(0)), guard);
  rigs.push(rig);
  await rig.steering.flip({ ...BY_CLI, changes: [{ route: 'leads.get', set: { gateway: 50 } }], force: true });
  await rig.save(table({ 'leads.get': 5 }));
  const [line] = (await rig.steering.history({ limit: 1 })).flips;
  expect(line).toMatchObject({ source: 'file', from: { gateway: 50 }, to: { gateway: 5 } });
  expect(line).not.toHaveProperty('against');
});
