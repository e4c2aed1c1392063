import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KillSwitch, type KillSwitchListener } from '../../../../src/facade/forward/kill-switch.ts';

let dir: string;
let file: string;
let told: string[];
let current: KillSwitch | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  dir = mkdtempSync(join(tmpdir(), 'kill-switch-'));
  file = join(dir, 'all-direct');
  told = [];
});
afterEach(() => {
  current?.close();
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

const subscribed = (killSwitch: KillSwitch, listener: KillSwitchListener): KillSwitch => {
  killSwitch.subscribe(listener);
  return (current = killSwitch);
};
const create = (name: () => string | undefined = () => file) =>
  subscribed(new KillSwitch(name), (on, by) => told.push(`${on ? 'on' : 'off'} by ${by.join(' and ') || 'nobody'}`));
const look = () => vi.advanceTimersByTime(250);

test('a file that appears switches it on within a quarter of a second, and its end switches it off', () => {
  const killSwitch = create();
  expect([killSwitch.on, told]).toEqual([false, []]);
  writeFileSync(file, '');
  look();
  expect([killSwitch.on, killSwitch.by]).toEqual([true, ['file']]);
  rmSync(file);
  look();
  expect([killSwitch.on, killSwitch.by]).toEqual([false, []]);
  expect(told).toEqual(['on by file', 'off by nobody']);
});

test('a file that exists at the start counts from the first request', () => {
  writeFileSync(file, '');
  expect(create().on).toBe(true);
  expect(told).toEqual(['on by file']);
});

test('either is enough, and both must be off to end it', () => {
  const killSwitch = create();
  writeFileSync(file, '');
  look();
  killSwitch.set(true);
  expect(killSwitch.by).toEqual(['admin', 'file']);
  killSwitch.set(false);
  expect(killSwitch.on).toBe(true);
  killSwitch.set(true);
  rmSync(file);
  look();
  expect([killSwitch.on, killSwitch.by]).toEqual([true, ['admin']]);
  killSwitch.set(false);
  expect(killSwitch.on).toBe(false);
});

test('it tells of changes alone, not of every look', () => {
  const killSwitch = create();
  killSwitch.set(true);
  killSwitch.set(true);
  for (let i = 0; i < 20; i++) look();
  expect(told).toEqual(['on by admin']);
});

test('it follows the name in the table that serves now; without one only the admin switches', () => {
  let name: string | undefined;
  const killSwitch = create(() => name);
  writeFileSync(file, '');
  look();
  expect(killSwitch.on).toBe(false);
  name = file;
  killSwitch.look();
  expect(killSwitch.on).toBe(true);
  name = undefined;
  killSwitch.look();
  expect(killSwitch.on).toBe(false);
});

test('closed, it looks no more and leaves no timer', () => {
  const killSwitch = create();
  killSwitch.close();
  expect(vi.getTimerCount()).toBe(0);
  writeFileSync(file, '');
  vi.advanceTimersByTime(10_000);
  expect(killSwitch.on).toBe(false);
});
