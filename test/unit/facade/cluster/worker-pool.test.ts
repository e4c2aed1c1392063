import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WorkerPool, type WorkerHandle } from '../../../../src/facade/cluster/worker-pool.ts';
import type { FromWorker, ToWorker } from '../../../../src/facade/cluster/messages.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A worker that does what the test says. */
class Puppet implements WorkerHandle {
  readonly place: number;
  readonly pid = 1;
  readonly told: ToWorker[] = [];
  #hear: (message: FromWorker) => void = () => undefined;
  #ended: (code: number | null) => void = () => undefined;

  constructor(place: number) {
    this.place = place;
  }

  send(message: ToWorker): void {
    this.told.push(message);
  }
  onMessage(hear: (message: FromWorker) => void): void {
    this.#hear = hear;
  }
  onExit(ended: (code: number | null) => void): void {
    this.#ended = ended;
  }
  says(message: FromWorker): void {
    this.#hear(message);
  }
  comesUp(): void {
    const stages = { direct: 1, shadow: 0, canary: 0, gateway: 0, retired: 0 };
    const table = { routes: 1, stages, killSwitch: [], gateway: undefined, hasRollouts: true };
    this.says({ kind: 'ready', url: 'http://127.0.0.1:1', adminUrl: '', table });
  }
  dies(code: number | null = null): void {
    this.#ended(code);
  }
}

function poolOf(size: number) {
  const forked: Puppet[] = [];
  const heard: string[] = [];
  const left: number[] = [];
  const pool = new WorkerPool({
    size,
    fork: (place) => {
      const puppet = new Puppet(place);
      forked.push(puppet);
      return puppet;
    },
    heard: ({ place }, { kind }) => heard.push(`${place} ${kind}`),
    left: ({ place }) => left.push(place),
    log: { error: () => undefined } as unknown as ConstructorParameters<typeof WorkerPool>[0]['log'],
    now: () => performance.now(),
  });
  const latest = (place: number): Puppet => forked.findLast((one) => one.place === place) as Puppet;
  return { pool, forked, heard, left, latest };
}

async function up(size: number) {
  const all = poolOf(size);
  const first = all.pool.startFirst();
  all.forked[0]?.comesUp();
  expect(await first).toBe(true);
  const others = all.pool.startOthers();
  for (const one of all.forked.slice(1)) one.comesUp();
  await others;
  return all;
}

describe('the start', () => {
  test('is the first one alone, and then all others', async () => {
    const { pool, forked } = poolOf(3);
    const first = pool.startFirst();
    expect(forked.map(({ place }) => place)).toEqual([0]);
    forked[0]?.comesUp();
    expect(await first).toBe(true);
    void pool.startOthers();
    expect(forked.map(({ place }) => place)).toEqual([0, 1, 2]);
    expect(pool.ready.map(({ place }) => place)).toEqual([0]);
  });

  test('fails when the first one does not come up, and nothing is tried again', async () => {
    const { pool, forked } = poolOf(3);
    const first = pool.startFirst();
    forked[0]?.dies(1);
    expect(await first).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(forked).toHaveLength(1);
  });

  test('does not fail for one of the others: it is tried again', async () => {
    const { pool, forked, latest } = poolOf(2);
    const first = pool.startFirst();
    forked[0]?.comesUp();
    await first;
    const others = pool.startOthers();
    latest(1).dies(1);
    await others;
    await vi.advanceTimersByTimeAsync(200);
    latest(1).comesUp();
    expect(pool.ready).toHaveLength(2);
  });

  test('ends where a stop begins: no other is started then', async () => {
    const { pool, forked } = poolOf(3);
    const first = pool.startFirst();
    forked[0]?.comesUp();
    await first;
    const stopped = pool.stop();
    await pool.startOthers();
    expect(forked).toHaveLength(1);
    forked[0]?.dies(0);
    expect(await stopped).toBe(true);
  });
});

describe('a worker that dies', () => {
  test('after a life is replaced at once, in its place', async () => {
    const { pool, forked, left, latest } = await up(2);
    await vi.advanceTimersByTimeAsync(10_000);
    latest(1).dies();
    expect(left).toEqual([1]);
    await vi.advanceTimersByTimeAsync(0);
    expect(forked.map(({ place }) => place)).toEqual([0, 1, 1]);
    expect(pool.replaced).toBe(1);
  });

  test('again and again is waited for, longer each time, up to a quarter of a minute', async () => {
    const { latest, forked } = await up(2);
    const pauses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const before = forked.length;
      const died = performance.now();
      latest(1).dies(1);
      while (forked.length === before) await vi.advanceTimersByTimeAsync(50);
      pauses.push(performance.now() - died);
    }
    expect(pauses.slice(0, 4)).toEqual([50, 200, 400, 800]);
    expect(pauses.at(-1)).toBe(15_000);
  });

  test('and was the last is replaced within a moment, however often it died', async () => {
    const { latest, forked } = await up(1);
    for (let i = 0; i < 10; i++) {
      const before = forked.length;
      latest(0).dies(1);
      await vi.advanceTimersByTimeAsync(200);
      expect(forked).toHaveLength(before + 1);
      latest(0).comesUp();
    }
  });

  test('and whose last words come after its end is not heard: its successor has the place', async () => {
    const { heard, latest } = await up(2);
    const dead = latest(1);
    dead.dies();
    heard.length = 0;
    dead.says({ kind: 'measured', metrics: [] });
    expect(heard).toEqual([]);
  });
});

describe('the stop', () => {
  test('tells all, waits for all, and is whole when all say so', async () => {
    const { pool, forked } = await up(2);
    const stopped = pool.stop();
    expect(forked.map(({ told }) => told.at(-1))).toEqual([{ kind: 'stop' }, { kind: 'stop' }]);
    for (const one of forked) one.dies(0);
    expect(await stopped).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(forked).toHaveLength(2);
  });

  test('is not whole when one had to cut something', async () => {
    const { pool, forked } = await up(2);
    const stopped = pool.stop();
    forked[0]?.dies(0);
    forked[1]?.dies(1);
    expect(await stopped).toBe(false);
  });

  test('of a pool of which one is being waited for does not bring it back', async () => {
    const { pool, forked, latest } = await up(2);
    latest(1).dies(1);
    const stopped = pool.stop();
    latest(0).dies(0);
    expect(await stopped).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(forked).toHaveLength(2);
  });
});

test('a message goes to all but the worker that sent it', async () => {
  const { pool, forked } = await up(3);
  const [, sender] = pool.workers;
  pool.tellAll({ kind: 'kill', on: true }, sender);
  expect(forked.map(({ told }) => told.length)).toEqual([1, 0, 1]);
});
