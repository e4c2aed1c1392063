import { expect, test } from 'vitest';
import { parseSchedule } from '../../../bench/kit/proc.ts';
import { atMost, metricIn, timed } from '../../../bench/load/scenario.ts';
import type { Tally } from '../../../bench/soak/callers.ts';
import { SoakUpstream } from '../../../bench/soak/upstream.ts';
import { failures, handles, memory, writes } from '../../../bench/soak/verdict.ts';

const tallyOf = (...seen: Tally['failures']): Tally => ({
  ...{ asked: 10, answered: 10, failures: seen, written: ['soak5', 'soak10'] },
});
const FAULT = { upstream: 'gateway', began: 10_000, ended: 11_000 };

test('a failure is planned only while a fault lasts, or a breaker after it, and only as an answer', () => {
  const of = (began: number, what: string) => failures(tallyOf({ began, ended: began + 10, what }), [FAULT], 0).kept;
  expect(of(10_500, '502 upstream_connect')).toBe(true);
  expect(of(15_000, '503 facade_breaker_open')).toBe(true);
  expect(of(9_000, '502 upstream_connect')).toBe(false);
  expect(of(30_000, '503 facade_breaker_open')).toBe(false);
  expect(of(10_500, '404 no outcome')).toBe(false);
  expect(of(10_500, 'the facade itself: ECONNRESET')).toBe(false);
});

test('what the facade shed is judged only where it had its core to itself', () => {
  const tally = tallyOf({ began: 50_000, ended: 50_010, what: '503 facade_overload' });
  expect(failures(tally, [], 0.05).kept).toBe(false);
  expect(failures(tally, [], 0.6).kept).toBeUndefined();
  const mixed = tallyOf(...tally.failures, { began: 50_000, ended: 50_010, what: '404 no outcome' });
  expect(failures(mixed, [], 0.6).kept).toBe(false);
});

test('a write that arrived at both is twice, and one that arrived nowhere is lost', () => {
  const [direct, gateway] = [new SoakUpstream('direct'), new SoakUpstream('gateway')];
  const verdict = () => writes(tallyOf(), [direct, gateway]).map(({ kept }) => kept);
  expect(verdict()).toEqual([true, false]);
  direct.writes.set('soak5', 1).set('soak10', 1);
  expect(verdict()).toEqual([true, true]);
  gateway.writes.set('soak5', 1);
  expect(verdict()).toEqual([false, true]);
});

test('memory that breathes is flat, and memory that climbs is not', () => {
  const MIB = 1024 * 1024;
  const at = (bytes: (i: number) => number) => Array.from({ length: 60 }, (_, i) => [i * 2_000, bytes(i)] as const);
  expect(memory(at((i) => (200 + (i % 7) * 5) * MIB)).kept).toBe(true);
  expect(memory(at((i) => (200 + i) * MIB)).kept).toBe(false);
});

test('a place that is taken at the end is lost, and so are handles that pile up', () => {
  const page = (inflight: number, handles: number) =>
    [
      `facade_inflight{upstream="direct"} ${inflight}`,
      'facade_inflight{upstream="gateway"} 0',
      `nodejs_active_resources_total ${handles}`,
      'facade_config_last_reload_success 1',
    ].join('\n');
  const kept = (after: string) => handles(page(0, 20), after).map((verdict) => verdict.kept);
  expect(kept(page(0, 24))).toEqual([true, true, true]);
  expect(kept(page(1, 24))).toEqual([false, true, true]);
  expect(kept(page(0, 200))).toEqual([true, false, true]);
});

test('a time is not judged where the process had to wait for its core, unless it was good all the same', () => {
  const slow = atMost('p99', 300, 250, 'ms');
  expect(timed(slow, 0.1).kept).toBe(false);
  expect(timed(slow, 0.5).kept).toBeUndefined();
  expect(timed(atMost('p99', 200, 250, 'ms'), 0.5).kept).toBe(true);
});

test('what the scheduler says, and a series of a page', () => {
  expect(parseSchedule('96130 25484 2\n')).toEqual({ ran: 96_130, waited: 25_484 });
  expect(() => parseSchedule('')).toThrow(RangeError);
  expect(metricIn('# a\nx{a="1"} 2\nx{a="2"} 3\nxy 7\n', 'x{')).toBe(5);
});
