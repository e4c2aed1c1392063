import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { FromWorker } from '../../../../src/facade/cluster/messages.ts';
import { SOLE_WORKER } from '../../../../src/facade/cluster/worker-role.ts';
import { ConfigRefused } from '../../../../src/facade/config/config-refused.ts';
import { configText, GET_LEAD } from '../forward/table-fixture.ts';
import { wire, type Wired, type WireOptions } from './kit.ts';

let wired: Wired | undefined;
afterEach(async () => {
  await wired?.close();
  wired = undefined;
});

const at = (gateway: number, server: object = {}) =>
  configText({ routes: [{ ...GET_LEAD, rollout: { gateway } }], server });

/** One of several workers, whose primary keeps what it is told. */
async function worker(place: number, text: string, more: WireOptions = {}) {
  const told: FromWorker[] = [];
  const tell = (message: FromWorker): void => void told.push(message);
  const role = { ...SOLE_WORKER, place, isFirst: place === 0, isAlone: false, workers: 2, tell };
  wired = await wire(text, { role, ...more });
  const { runtime, write } = wired;
  const serves = () => (runtime.dataPlane.snapshot.entries[0]?.model.rollout.gateway ?? 0) / 100;
  return { ...wired, runtime, write, told, serves, kinds: () => told.map(({ kind }) => kind) };
}

test('a file that is refused is no runtime', async () => {
  await expect(wire('routes: [')).rejects.toThrow(ConfigRefused);
});

describe('a change of the file', () => {
  test('serves, and the primary hears what is loaded; the first worker sends the others after it', async () => {
    const { runtime, write, serves, told, kinds } = await worker(0, at(10));
    write(at(20));
    await runtime.reload();
    expect([serves(), kinds()]).toEqual([20, ['loaded', 'reloaded']]);
    expect(told[0]).toMatchObject({ config: { text: at(20) } });
  });

  test('is loaded by a later worker too, which sends nobody', async () => {
    const { runtime, write, serves, kinds } = await worker(1, at(10));
    write(at(20));
    await runtime.reload();
    expect([serves(), kinds()]).toEqual([20, ['loaded']]);
  });

  test('that is refused leaves what serves; the others are to refuse it as well', async () => {
    const { runtime, write, serves, kinds } = await worker(0, at(10));
    write('routes: [');
    await runtime.reload();
    expect([serves(), kinds(), runtime.loader.lastRefused !== undefined]).toEqual([10, ['reloaded'], true]);
  });

  test('moves the limits of the whole process, each worker its part', async () => {
    const { runtime, write } = await worker(1, at(10));
    write(at(10, { overload: { maxInflight: 10 } }));
    await runtime.reload();
    expect(runtime.active.config.server.overload.maxInflight).toBe(5);
  });
});

test('it begins with what the primary gives, whatever the file holds by then', async () => {
  const { runtime, write, serves } = await worker(1, at(10), { lastGood: { text: at(40), variables: {} } });
  expect(serves()).toBe(40);
  write(at(20));
  await runtime.reload();
  expect(serves()).toBe(20);
});

describe('the kill switch', () => {
  test('is told to the primary as what is in force here, which is no order to the others', async () => {
    const { runtime, told } = await worker(0, at(10));
    runtime.killSwitch.set(true);
    expect([runtime.dataPlane.killed, told]).toEqual([true, [{ kind: 'killed', on: true }]]);
    runtime.killSwitch.set(false);
    expect([runtime.dataPlane.killed, told.slice(1)]).toEqual([false, [{ kind: 'killed', on: false }]]);
  });

  test('that is on for want of an answer alone is no warning: nobody has set it', async () => {
    const { runtime, lines } = await worker(1, at(10));
    const told = (): string[] => (lines as string[]).splice(0).map((line) => (JSON.parse(line) as { msg: string }).msg);
    told();
    runtime.killSwitch.suspect();
    runtime.killSwitch.set(false);
    expect(told()).toEqual([
      'every route is direct until the database says whether the kill switch is on',
      'the kill switch is off, says the database',
    ]);
    runtime.killSwitch.suspect();
    runtime.killSwitch.set(true);
    runtime.killSwitch.set(false);
    expect(told().slice(1)).toEqual(['kill switch', 'kill switch']);
  });

  test('is looked for in the file that the newest table names, at once', async () => {
    const { runtime, write, configFile, kinds, lines } = await worker(1, at(10));
    const file = join(configFile, '..', 'all-direct');
    writeFileSync(file, '');
    write(at(10, { killSwitchFile: file }));
    await runtime.reload();
    expect([runtime.dataPlane.killed, kinds()]).toEqual([true, ['loaded']]);
    expect(lines.join()).toContain('kill switch');
    rmSync(file);
    runtime.killSwitch.look();
    expect(runtime.dataPlane.killed).toBe(false);
  });
});

test('a breaker that opens is told to the primary', async () => {
  const { runtime, told } = await worker(0, at(10));
  runtime.dataPlane.snapshot.entries[0]?.state.breaker('gateway')?.open();
  expect(told).toEqual([{ kind: 'breaker', route: 'leads.get', path: 'gateway', state: 'open' }]);
});

test('a step of the ramp is told with its number', async () => {
  const { runtime, told } = await worker(0, at(10));
  runtime.dataPlane.snapshot.entries[0]?.state.breaker('gateway')?.rampUp();
  expect(told).toEqual([{ kind: 'breaker', route: 'leads.get', path: 'gateway', state: 'half-open', rampStep: 1 }]);
});

describe('health checks', () => {
  const text = configText({
    routes: [GET_LEAD],
    gateway: { url: 'http://127.0.0.1:1', health: { path: '/health', interval: '1h', unhealthyAfter: 1 } },
  });

  test('are made by the first worker, which tells the others each result, and no other', async () => {
    const timers = async (place: number): Promise<number> => {
      const made = await worker(place, text);
      const before = vi.getTimerCount();
      made.runtime.watch();
      const after = vi.getTimerCount();
      await made.close();
      return after - before;
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [first, second] = [await timers(0), await timers(1)];
    vi.useRealTimers();
    expect(first - second).toBe(1);
    const { runtime, told } = await worker(0, text);
    const check = { result: 'timeout', status: undefined, tookMs: 5 } as const;
    runtime.health.checked('gateway', check);
    runtime.health.checked('gateway', { result: 'skipped', tookMs: 0 });
    expect(told).toEqual([{ kind: 'health', upstream: 'gateway', check }]);
  });

  test('that another worker made count here as well', async () => {
    const { runtime, told, lines } = await worker(1, text);
    runtime.builder.health.gateway.record({ result: 'timeout', tookMs: 5 });
    expect([runtime.dataPlane.snapshot.health.gateway.isUnhealthy, told]).toEqual([true, []]);
    expect(lines.join()).toContain('upstream unhealthy');
    expect(await runtime.metrics.registry.getSingleMetricAsString('facade_upstream_healthy')).toContain(
      'facade_upstream_healthy{upstream="gateway"} 0',
    );
  });
});
