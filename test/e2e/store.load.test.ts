import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { spawnNode } from './kit/spawn-node.ts';
import { until } from './kit/upstream.ts';

/** The embedded database through its deaths: a process of its own owns it, and is killed, as is the server. */

const ENTRY = 'test/e2e/kit/store-process.ts';
const isRoot = process.getuid?.() === 0;
/** `nobody`, where a test must be somebody without rights. */
const ORDINARY = 65_534;

class Owner {
  readonly child: ChildProcess;
  readonly dataDir: string;
  output = '';
  #isOver = false;

  constructor(dataDir: string, as: { uid?: number; gid?: number } = {}) {
    this.dataDir = dataDir;
    // A group of its own, to be signalled as a terminal would.
    this.child = spawnNode(ENTRY, [dataDir], { ...as, cwd: '/', stdio: 'pipe', detached: true });
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    this.child.once('close', () => (this.#isOver = true));
  }

  /** @returns the connection string. */
  async opened(): Promise<string> {
    await this.said('open ');
    return /^open (.*)$/m.exec(this.output)?.[1] ?? '';
  }

  async said(line: string): Promise<void> {
    await until(() => this.output.includes(line) || this.#isOver, `"${line}" is said`, 15_000);
    expect(this.output).toContain(line);
  }

  async keep(key: string): Promise<void> {
    this.child.stdin?.write(`${key}\n`);
    await this.said(`kept ${key}\n`);
  }

  get serverPid(): number {
    return Number(readFileSync(join(this.dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await until(() => this.#isOver, 'the process is over', 15_000);
  }
}

const owners: Owner[] = [];
const dirs: string[] = [];

function start(dataDir = madeDir(), as: { uid?: number; gid?: number } = {}): Owner {
  const owner = new Owner(dataDir, as);
  owners.push(owner);
  return owner;
}

/** A copy of a database that was made and stopped: to make each anew would take most of the time here. */
function madeDir(): string {
  const dir = newDir();
  execFileSync('cp', ['-a', '--reflink=auto', template, dir]);
  return dir;
}

let template: string;
beforeAll(async () => {
  template = newDir();
  const maker = start(template);
  await maker.opened();
  await maker.end('SIGTERM');
  // Kept beyond the first test.
  dirs.pop();
});
afterAll(() => rmSync(join(template, '..'), { recursive: true, force: true }));

function newDir(): string {
  // Of mode 0700, so that as root the server's own user cannot enter it.
  const dir = mkdtempSync(join(tmpdir(), 'facade-store-'));
  dirs.push(dir);
  return join(dir, 'data');
}

/** A zombie no longer runs: its init is slow to bury it. */
const isAlive = (pid: number): boolean =>
  canSignal(pid) &&
  !(existsSync(`/proc/${pid}/stat`) && /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether a process waits for the death of this server's owner. */
function isWatched(serverPid: number): boolean {
  const watched = ['c2s-facade-keeper', String(serverPid)];
  return readdirSync('/proc').some(
    (pid) => /^\d+$/.test(pid) && argumentsOf(pid).slice(-3, -1).join() === watched.join(),
  );
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

async function keysIn(connectionString: string): Promise<string[]> {
  const client = new pg.Client(connectionString);
  await client.connect();
  const { rows } = await client.query<{ key: string }>('select key from facade.seen_events order by key');
  await client.end();
  return rows.map(({ key }) => key);
}

afterEach(async () => {
  for (const owner of owners.splice(0)) {
    await owner.end('SIGTERM');
    // Of one that was killed the server may live on.
    const pidFile = join(owner.dataDir, 'postgres/postmaster.pid');
    if (existsSync(pidFile) && owner.serverPid !== process.pid && canSignal(owner.serverPid)) {
      process.kill(owner.serverPid, 'SIGQUIT');
    }
  }
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
});

describe('the embedded database', () => {
  // It takes one second or two. On a machine that is busy with other things one of three tries must do.
  test('says what it does, is there within 5 s, and sooner the next time', { retry: 2 }, async () => {
    const began = performance.now();
    const first = start(newDir());
    await first.opened();
    const made = performance.now() - began;
    expect(made).toBeLessThan(5_000);
    expect(first.output).toContain('making the embedded Postgres, once');
    await first.keep('a');
    const server = first.serverPid;
    await first.end('SIGTERM');
    expect(isAlive(server)).toBe(false);

    const again = performance.now();
    const second = start(first.dataDir);
    expect(await keysIn(await second.opened())).toEqual(['a']);
    expect(performance.now() - again).toBeLessThan(made);
    expect(second.output).toContain('"starting the embedded Postgres"');
  });

  test('belongs to one owner: a second one is told whose it is, and disturbs nothing', async () => {
    const first = start();
    await first.opened();
    const seconds = [start(first.dataDir), start(first.dataDir)];
    for (const second of seconds) {
      await second.said(`belongs to a running facade (pid ${first.child.pid})`);
      expect(second.output).toContain('Routing works; the history and whatever else is kept need a database');
    }
    await first.keep('a');
  });

  test('has one owner of several that start at once, also where a killed one left its claim', async () => {
    const killed = start();
    await killed.opened();
    await killed.end('SIGKILL');
    const several = Array.from({ length: 4 }, () => start(killed.dataDir));
    await Promise.all(several.map((one) => until(() => /^(open|refused) /m.test(one.output), 'it is decided', 30_000)));
    expect(several.filter(({ output }) => /^open /m.test(output))).toHaveLength(1);
  }, 45_000);

  test('lets nobody in without the password, and nobody else to its socket', async () => {
    const owner = start();
    const url = new URL(await owner.opened());
    const run = url.searchParams.get('host') ?? '';
    expect(statSync(run).mode & 0o777).toBe(0o700);
    expect(statSync(join(owner.dataDir, 'postgres/facade.password')).mode & 0o777).toBe(0o600);
    expect(statSync(join(owner.dataDir, 'postgres')).mode & 0o777).toBe(0o700);
    url.password = 'guessed';
    await expect(keysIn(url.href)).rejects.toMatchObject({ code: '28P01' });
    expect(readFileSync(join(owner.dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[5]).toBe('');
  });

  test('survives kill -9 of its owner, of itself, and of both', async () => {
    const first = start();
    await first.opened();
    await first.keep('a');
    const orphan = first.serverPid;
    await first.end('SIGKILL');

    const second = start(first.dataDir);
    await second.opened();
    expect(isAlive(orphan)).toBe(false);
    await second.keep('b');
    const killed = second.serverPid;
    process.kill(killed, 'SIGKILL');
    await second.said('the embedded Postgres runs again');
    await second.keep('c');
    const both = second.serverPid;
    expect(both).not.toBe(killed);
    process.kill(both, 'SIGKILL');
    await second.end('SIGKILL');

    const third = start(first.dataDir);
    expect(await keysIn(await third.opened())).toEqual(['a', 'b', 'c']);
    expect(existsSync(join(first.dataDir, 'postgres/postmaster.pid'))).toBe(true);
  });

  test('keeps every row that it acknowledged, killed in the midst of writing', async () => {
    const owner = start();
    await owner.opened();
    const kept = (): string[] => [...owner.output.matchAll(/^kept (\w+)$/gm)].map(([, key]) => key ?? '');
    owner.child.stdin?.write(Array.from({ length: 3_000 }, (_, i) => `k${i}\n`).join(''));
    await until(() => kept().length > 100, 'it writes', 15_000);
    process.kill(owner.serverPid, 'SIGKILL');
    await until(() => owner.output.includes('failed '), 'the death is felt', 15_000);
    await owner.said('the embedded Postgres runs again');
    await owner.keep('last');
    expect(await keysIn(await owner.opened())).toEqual(expect.arrayContaining(kept()));
  });

  test('ends after kill -9 of an owner that is not started again, and loses no commit', async () => {
    const owner = start();
    await owner.opened();
    const kept = (): string[] => [...owner.output.matchAll(/^kept (\w+)$/gm)].map(([, key]) => key ?? '');
    owner.child.stdin?.write(Array.from({ length: 3_000 }, (_, i) => `k${i}\n`).join(''));
    await until(() => kept().length > 100, 'it writes', 15_000);
    const server = owner.serverPid;
    await owner.end('SIGKILL');
    await until(() => !isAlive(server), 'the server is gone', 10_000);
    // In good order: nothing is left to recover from.
    expect(existsSync(join(owner.dataDir, 'postgres/postmaster.pid'))).toBe(false);
    const next = start(owner.dataDir);
    expect(await keysIn(await next.opened())).toEqual(expect.arrayContaining(kept()));
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'that stands still ends with its owner (%s)',
    { timeout: 60_000 },
    async (signal) => {
      const owner = start();
      await owner.opened();
      const server = owner.serverPid;
      process.kill(server, 'SIGSTOP');
      await owner.end(signal);
      await until(() => !isAlive(server), 'the server is gone', 14_000);
      const next = start(owner.dataDir);
      await next.opened();
    },
  );

  test('runs on beside an owner that stands still, and beside the death of another', async () => {
    const owner = start();
    const other = start();
    await Promise.all([owner.opened(), other.opened()]);
    const server = owner.serverPid;
    owner.child.kill('SIGSTOP');
    const others = other.serverPid;
    await other.end('SIGKILL');
    await until(() => !isAlive(others), 'the server of the other is gone', 10_000);
    expect(isAlive(server)).toBe(true);
    owner.child.kill('SIGCONT');
    await owner.keep('a');
    expect(owner.serverPid).toBe(server);
  });

  test('of a next owner is left alone by what watched the one before', async () => {
    const first = start();
    await first.opened();
    const before = first.serverPid;
    expect(isWatched(before)).toBe(true);
    await first.end('SIGKILL');
    const second = start(first.dataDir);
    await second.opened();
    await until(() => !isWatched(before), 'what watched the first server is gone', 10_000);
    await second.keep('a');
    const server = second.serverPid;
    expect(isWatched(server)).toBe(true);
    await second.end('SIGTERM');
    await until(() => !isWatched(server), 'what watched the second server is gone', 10_000);
  });

  test('goes with an owner that ends without closing it', async () => {
    const owner = start();
    await owner.opened();
    const server = owner.serverPid;
    owner.child.stdin?.write('crash\n');
    await until(() => !isAlive(server), 'the server is gone');
  });

  test('is not kept from starting by a pid file whose number is another process’s by now', async () => {
    const first = start();
    await first.opened();
    await first.keep('a');
    process.kill(first.serverPid, 'SIGKILL');
    await first.end('SIGKILL');
    const bystander = spawn('sleep', ['60'], { ...ownerOf(join(first.dataDir, 'postgres')), cwd: '/' });
    const pidFile = join(first.dataDir, 'postgres/postmaster.pid');
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(bystander.pid)));
    const second = start(first.dataDir);
    expect(await keysIn(await second.opened())).toEqual(['a']);
    expect(canSignal(bystander.pid ?? 0)).toBe(true);
    bystander.kill();
  });

  test('is not stopped by a Ctrl-C that its owner was sent', async () => {
    const owner = start();
    await owner.opened();
    process.kill(-(owner.child.pid ?? 0), 'SIGINT');
    await owner.said('interrupted');
    const server = owner.serverPid;
    await owner.keep('a');
    expect(owner.serverPid).toBe(server);
  });

  test('that was half made when its owner was killed is made anew', async () => {
    const dataDir = newDir();
    const first = start(dataDir);
    await until(
      () => existsSync(dataDir) && readdirSync(dataDir).some((name) => /making-\w+$/.test(name)),
      'it is being made',
    );
    await first.end('SIGKILL');
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
    const second = start(dataDir);
    await second.opened();
    expect(readdirSync(dataDir).toSorted()).toEqual(['postgres', 'run']);
  });

  test('of another major version, or no database at all, is left alone and told of', async () => {
    const dataDir = newDir();
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '17\n');
    await start(dataDir).said('was made by Postgres 17, and the installed one is 18');
    rmSync(join(dataDir, 'postgres/PG_VERSION'));
    writeFileSync(join(dataDir, 'postgres/holiday.jpg'), '');
    await start(dataDir).said('is no database that we can read');
    expect(readdirSync(join(dataDir, 'postgres'))).toEqual(['holiday.jpg']);
  });

  test('works for a deep data directory, whose path is too long for a socket', async () => {
    const owner = start(join(newDir(), 'x'.repeat(100)));
    await owner.opened();
    await owner.keep('a');
    const second = start(owner.dataDir);
    await second.said(`(pid ${owner.child.pid})`);
  });

  test.runIf(isRoot)('works for an ordinary user, and tells root’s files from that user’s', async () => {
    const dataDir = newDir();
    mkdirSync(dataDir);
    chmodSync(join(dataDir, '..'), 0o755);
    chownSync(dataDir, ORDINARY, ORDINARY);
    const ordinary = start(dataDir, { uid: ORDINARY, gid: ORDINARY });
    await ordinary.opened();
    await ordinary.keep('a');
    await ordinary.end('SIGTERM');
    // As root the server becomes the owner of the files.
    const root = start(dataDir);
    expect(await keysIn(await root.opened())).toEqual(['a']);
    await root.end('SIGTERM');

    const ofRoot = start();
    await ofRoot.opened();
    await ofRoot.end('SIGTERM');
    chmodSync(join(ofRoot.dataDir, '..'), 0o755);
    const stranger = start(ofRoot.dataDir, { uid: ORDINARY, gid: ORDINARY });
    await stranger.said('belongs to another user');
  });
});

function ownerOf(path: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(path);
  return { uid, gid };
}
