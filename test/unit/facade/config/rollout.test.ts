import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import {
  changedEntries,
  changedPart,
  isSameRollout,
  laidOver,
  partFor,
  ROLLOUT_KEYS,
  rolloutOf,
  rolloutText,
  type RolloutSet,
  type RolloutValues,
} from '../../../../src/facade/config/rollout.ts';
import { compileRoutes, rolloutValues } from '../../../../src/facade/rollout/compile.ts';
import { configOf, withRows } from './support.ts';

const ROLLOUT: RolloutValues = { gateway: 25, shadow: 10, stickyBy: 'leadId', fallback: 'direct' };
/** Another value for every key: a key that is added must be added here, or this does not compile. */
const OTHER: RolloutValues = { gateway: 50, shadow: 0, stickyBy: 'caller', fallback: 'none' };

describe('every key of a rollout', () => {
  it.each(ROLLOUT_KEYS)('%s is compared, found as a change and laid over', (key) => {
    const changed: RolloutValues = { ...ROLLOUT, [key]: OTHER[key] };
    expect(isSameRollout(ROLLOUT, changed)).toBe(false);
    expect(changedEntries(ROLLOUT, changed)).toEqual([[key, OTHER[key]]]);
    expect(changedPart(ROLLOUT, changed)).toEqual({ [key]: OTHER[key] });
    expect(laidOver(ROLLOUT, { [key]: OTHER[key] })).toEqual(changed);
  });

  it('is listed once, as the type has it', () => {
    expect(Object.keys(OTHER).toSorted()).toEqual([...ROLLOUT_KEYS].toSorted());
    expect(isSameRollout(ROLLOUT, { ...ROLLOUT })).toBe(true);
  });
});

it('a key that is not set changes nothing, and one that only a newer version knows is not lost', () => {
  expect(laidOver(ROLLOUT, { gateway: undefined })).toEqual(ROLLOUT);
  expect(changedEntries(ROLLOUT, { gateway: undefined })).toEqual([]);
  const newer = { ...ROLLOUT, region: 'eu' } as RolloutSet;
  expect(laidOver(ROLLOUT, newer)).toEqual(newer);
});

it('is written as a file says it', () => {
  expect(rolloutText(ROLLOUT)).toBe('{ gateway: 25, shadow: 10, stickyBy: leadId, fallback: direct }');
});

it('a flip of all routes sets shadows only on those that are safe', () => {
  const set = { gateway: 5, shadow: 10 };
  expect(['safe', 'idempotent', 'unsafe'].map((safety) => partFor(safety, set).shadow)).toEqual([
    10,
    undefined,
    undefined,
  ]);
});

describe('the rollout of a route', () => {
  const rows = {
    'a parameter': 'direct: GET /integration/leads/:leadId\ngateway: GET /leads/:leadId',
    'no parameter': 'direct: GET /integration/tags\ngateway: GET /tags',
  };
  const rowOf = (endpoints: string, rollout: string) =>
    configOf(withRows(`id: one\n${endpoints}\nrollout: { ${rollout} }`)).routes[0]!;

  it.each([
    ['a parameter', 'leadId'],
    ['no parameter', 'caller'],
  ] as const)('of a route with %s sticks by %s, unless it says otherwise', (row, stickyBy) => {
    expect(rolloutOf(rowOf(rows[row], 'gateway: 0.29'))).toEqual({
      gateway: 0.29,
      shadow: 0,
      stickyBy,
      fallback: 'direct',
    });
    expect(rolloutOf(rowOf(rows[row], 'gateway: 0, stickyBy: caller')).stickyBy).toBe('caller');
  });

  it('comes out of its model as it went in', () => {
    const text = withRows(
      `id: one\n${rows['a parameter']}\nrollout: { gateway: 0.29, shadow: 12.5, stickyBy: caller }`,
    );
    const config = configOf(text);
    const [model] = compileRoutes(config, CONTACT2SALE);
    expect(rolloutValues(model!)).toEqual(rolloutOf(config.routes[0]!));
  });
});
