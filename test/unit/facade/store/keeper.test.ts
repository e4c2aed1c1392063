import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { keepUntilOwnerEnds } from '../../../../src/facade/store/embedded/keeper.ts';

/** The pids of the keepers of this server. */
const keepersOf = (pid: number): number[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trimEnd().endsWith(`c2s-facade-keeper ${pid}`))
    .map((line) => Number.parseInt(line, 10));

test('a keeper that ends while the server runs is replaced, and the next one ends with the server', async () => {
  const server = spawn('sleep', ['600']);
  const pid = server.pid ?? 0;
  const warn = vi.fn();
  const end = keepUntilOwnerEnds(pid, { warn } as never);
  try {
    const [first = 0] = await vi.waitUntil(() => (keepersOf(pid).length > 0 ? keepersOf(pid) : undefined), 10_000);
    process.kill(first, 'SIGKILL');
    const [second = 0] = await vi.waitUntil(() => {
      const now = keepersOf(pid).filter((keeper) => keeper !== first);
      return now.length > 0 ? now : undefined;
    }, 10_000);
    expect(second).not.toBe(first);
    expect(warn).toHaveBeenCalledExactlyOnceWith({ left: 4 }, expect.stringContaining('starting another one'));
    expect(server.exitCode).toBe(null);
    const ended = once(server, 'exit');
    end();
    expect((await ended)[1]).toBe('SIGINT');
    await vi.waitUntil(() => keepersOf(pid).length === 0, 10_000);
    expect(warn).toHaveBeenCalledTimes(1);
  } finally {
    end();
    server.kill('SIGKILL');
  }
}, 40_000);
