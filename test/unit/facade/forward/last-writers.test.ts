import { describe, expect, test } from 'vitest';
import { LastWriters } from '../../../../src/facade/forward/last-writers.ts';
import { worldOf, type Asked, type Asking, type World } from './exchange-fixture.ts';

/** `pinAfterWrite`: reads take the path that served the last write of the same lead. */

const KEEP_MS = 10_000;

describe('the last writers', () => {
  test('are told for so long after the write, the newest write of a value alone', () => {
    const writers = new LastWriters();
    writers.note('42', 'gateway', 0, KEEP_MS);
    expect([writers.pathOf('42', 9_999, KEEP_MS), writers.pathOf('42', 10_000, KEEP_MS)]).toEqual([
      'gateway',
      undefined,
    ]);
    writers.note('42', 'direct', 5_000, KEEP_MS);
    expect([writers.pathOf('42', 14_999, KEEP_MS), writers.pathOf('43', 5_000, KEEP_MS)]).toEqual([
      'direct',
      undefined,
    ]);
    // A route with a shorter time of its own.
    expect(writers.pathOf('42', 6_000, 1_000)).toBeUndefined();
  });

  test('are forgotten when their time is over, and the oldest when there are very many', () => {
    const writers = new LastWriters();
    for (let i = 0; i < 1_000; i++) writers.note(`old-${i}`, 'gateway', 0, KEEP_MS);
    writers.note('new', 'direct', KEEP_MS, KEEP_MS);
    expect(writers.size).toBe(1);
    for (let i = 0; i < 100_001; i++) writers.note(`many-${i}`, 'gateway', KEEP_MS, KEEP_MS);
    expect([writers.size, writers.pathOf('many-0', KEEP_MS, KEEP_MS)]).toEqual([100_000, undefined]);
    expect(writers.pathOf('many-100000', KEEP_MS, KEEP_MS)).toBe('gateway');
  });
});

const READ = {
  id: 'leads.get',
  direct: 'GET /integration/leads/:leadId',
  gateway: 'GET /leads/:leadId',
  rollout: { gateway: 0, shadow: 0, fallback: 'direct' },
  query: {},
};
const WRITE = {
  id: 'leads.update',
  direct: 'PATCH /integration/leads/:leadId',
  gateway: 'PATCH /leads/:leadId',
  rollout: { gateway: 100, fallback: 'direct' },
  body: { fields: { description: { type: 'string' } } },
};

interface Case {
  readonly name: string;
  readonly read?: object;
  readonly write?: object;
  readonly asked?: Asked;
  /** What becomes of the write's attempts, in turn. */
  readonly ends: readonly ((asking: Asking) => void)[];
  readonly then?: (world: World) => void;
  readonly reads?: Asked;
  readonly takes: 'direct' | 'gateway';
}

const BODY: Asked = { method: 'PATCH', target: '/leads/1', body: '{"description":"a"}' };
const served = (asking: Asking): void => asking.connects().answers(200, '{}');
const at = (gateway: number) => ({ rollout: { gateway, shadow: 0, fallback: 'direct' } });
const CASES: readonly Case[] = [
  { name: 'served by the gateway', ends: [served], takes: 'gateway' },
  {
    name: 'of the same lead, written in another way',
    ends: [served],
    reads: { target: '/leads/%31' },
    takes: 'gateway',
  },
  { name: 'in the other dialect', ends: [served], reads: { target: '/integration/leads/1' }, takes: 'gateway' },
  { name: 'served by direct', read: at(100), write: at(0), ends: [served], takes: 'direct' },
  {
    name: 'that failed over to direct',
    read: at(100),
    ends: [(asking) => asking.fails('ECONNREFUSED'), served],
    takes: 'direct',
  },
  { name: 'of unknown fate', ends: [(asking) => asking.connects().fails()], takes: 'gateway' },
  { name: 'that is still under way', ends: [(asking) => void asking.connects()], takes: 'gateway' },
  { name: 'of another lead', ends: [served], reads: { target: '/leads/2' }, takes: 'direct' },
  { name: 'of a stranger', asked: { ...BODY, caller: 'unknown' }, read: at(100), ends: [served], takes: 'gateway' },
  { name: 'that a stranger reads', ends: [served], reads: { caller: 'unknown' }, takes: 'direct' },
  { name: 'of 9.9 s ago', ends: [served], then: (world) => world.pass(9_900), takes: 'gateway' },
  { name: 'of 10 s ago', ends: [served], then: (world) => world.pass(10_000), takes: 'direct' },
  { name: 'with the pin off for the route', read: { pinAfterWrite: '0s' }, ends: [served], takes: 'direct' },
];

describe('a read after a write', () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test.each(CASES)('$name takes $takes', async ({ read, write, asked = BODY, ends, then, reads, takes }) => {
    const world = worldOf({
      routes: [
        { ...READ, ...read },
        { ...WRITE, ...write },
      ],
      defaults: { pinAfterWrite: '10s', deadlines: { connect: '3s', firstByte: '20s', idle: '15s', total: '25s' } },
    });
    world.call(asked);
    for (const [i, end] of ends.entries()) {
      for (let turns = 0; world.askings.length <= i && turns < 10; turns++) await turn();
      end(world.askings[i] as Asking);
    }
    await turn();
    then?.(world);
    world.call({ target: '/leads/1', ...reads });
    await turn();
    expect(world.askings.map(({ path }) => path).slice(ends.length)).toEqual([takes]);
    world.close();
  });
});
