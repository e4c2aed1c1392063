import { afterEach, expect, test } from 'vitest';
import { SOLE_WORKER } from '../../../../src/facade/cluster/worker-role.ts';
import { contextOf } from '../../../../src/facade/compose/options.ts';
import { SYSTEM_CALENDAR } from '../../../../src/http/calendar.ts';
import { composeOptions, type WireOptions } from './kit.ts';

let remove: (() => void) | undefined;
afterEach(() => remove?.());
const contextFor = (more: WireOptions = {}) => {
  const made = composeOptions('', more);
  remove = made.remove;
  return contextOf(made.options, undefined);
};

test('what is left out is one process, by the clocks of the system, that drops no line', () => {
  const context = contextFor();
  expect(context).toMatchObject({ role: SOLE_WORKER, isSandbox: false, calendar: SYSTEM_CALENDAR });
  expect(context.droppedLines()).toBe(0);
  const before = performance.now();
  expect(context.now()).toBeGreaterThanOrEqual(before);
});

test('what is given stays, and the duties follow from the role', () => {
  const role = { ...SOLE_WORKER, isFirst: false, isAlone: false, place: 1, workers: 2 };
  const context = contextFor({ role, now: () => 7, droppedLines: () => 3, isSandbox: true });
  expect(context).toMatchObject({ role, isSandbox: true, duties: { mayLead: false, keepsHistory: false } });
  expect([context.now(), context.droppedLines()]).toEqual([7, 3]);
});
