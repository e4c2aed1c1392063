import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, until } from './kit/upstream.ts';

/** `c2s-facade` as a process, and on a terminal of its own. */

const MAIN = resolve('src/c2s/cli/main.ts');
const opened = new Opened();
let facade: TestFacade;
beforeAll(async () => {
  const upstream = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{}')));
  facade = opened.keep(await startFacade({ direct: upstream.url, gateway: upstream.url }));
});
afterAll(opened.closeAll);

test('it ends by itself, with its exit code, and its answer arrives whole through a pipe', async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [MAIN, 'routes', '--json', '--admin', facade.adminUrl]);
  expect((JSON.parse(stdout) as { routes: unknown[] }).routes).toHaveLength(34);
  const failed = await run(process.execPath, [MAIN, 'routes', '--admin', '127.0.0.1:4']).catch(
    (error: unknown) => error,
  );
  expect(failed).toMatchObject({ code: 3, stdout: '' });
});

test('a question to which nobody answers is a fault of the call, and no hang', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'erase'], { input: '', encoding: 'utf8' });
  expect([status, stderr]).toEqual([2, expect.stringContaining('That is no CPF')]);
});

test('a sandbox whose environment is wrong says so, and ends', () => {
  const env = { PATH: process.env['PATH'], PORT: 'abc' };
  const ended = spawnSync(process.execPath, [resolve('src/main.ts')], { env, encoding: 'utf8', timeout: 20_000 });
  expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining('PORT: must be a port')]);
});

/** Gives the command a pseudo-terminal of 24 lines and 80 columns, and passes on what we write and what it prints. */
const PTY = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
print('pid %d' % pid, file=sys.stderr, flush=True)
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    if 0 in ready:
        os.write(fd, os.read(0, 1024))
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
lflags = termios.tcgetattr(fd)[3]
_, status = os.waitpid(pid, 0)
print('canonical %s echo %s' % (bool(lflags & termios.ICANON), bool(lflags & termios.ECHO)), file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;
const hasPython = spawnSync('python3', ['-c', 'import pty, termios, os; os.waitstatus_to_exitcode']).status === 0;

interface OnTerminal {
  readonly child: ChildProcess;
  readonly screen: () => string;
  /** Process id of the command itself. */
  readonly pid: () => number;
  readonly ended: Promise<{ code: number | null; report: string }>;
}

const watchOn = (adminUrl: string): OnTerminal => onTerminal(['watch', 'leads.', '--admin', adminUrl]);

function onTerminal(argv: readonly string[]): OnTerminal {
  const child = spawn('python3', ['-c', PTY, process.execPath, MAIN, ...argv], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  });
  let [screen, report] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (report += chunk.toString()));
  const ended = new Promise<{ code: number | null; report: string }>((done) => {
    child.on('close', (code) => done({ code, report }));
  });
  return { child, screen: () => screen, pid: () => Number(/pid (\d+)/.exec(report)?.[1]), ended };
}

const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const frames = (screen: string) => screen.split('\x1b[H').slice(1);

/** How readline places its question. */
const CURSOR = /\x1b\[\d*[GJ]/g;

describe.skipIf(!hasPython)('Ctrl-C at a question', () => {
  test.each([
    ['erase', ['erase'], 'CPF: '],
    ['import', ['import', '--from', '-'], 'URL of the old database: '],
    ['flip', ['flip', 'leads.get', '--gateway', '5', '--force', '--why', 'a test'], 'Flip? [y/N] '],
  ])('%s prints one line, and ends as shells have it', async (_, argv, question) => {
    const admin = argv[0] === 'import' ? [] : ['--admin', facade.adminUrl];
    const asking = onTerminal([...argv, ...admin]);
    await until(() => asking.screen().includes(question), 'the question', 10_000);
    asking.child.stdin?.write('\x03');
    expect((await asking.ended).code).toBe(130);
    const [, after = ''] = asking.screen().replaceAll(CURSOR, '').split(question);
    expect(after.replace('^C', '')).toBe('\r\nInterrupted: nothing was changed.\r\n');
  });
});

// Without python3 there is no pseudo-terminal to be had here.
describe.skipIf(!hasPython)('watch on a terminal', () => {
  test('draws the table again and again, over itself, and q quits', async () => {
    const watched = watchOn(facade.adminUrl);
    await until(() => frames(watched.screen()).length >= 3, 'three frames', 10_000);
    const [first = '', second = ''] = frames(watched.screen());
    expect(watched.screen().startsWith(ENTER)).toBe(true);
    expect(first).toContain('leads.get');
    expect(first).not.toContain('tags.create');
    expect(first.split('\r\n').length).toBeLessThanOrEqual(24);
    // Never cleared first: that is what would flicker.
    expect(second.indexOf('\x1b[J')).not.toBe(0);
    expect(watched.screen()).not.toContain('\x1b[2J');
    watched.child.stdin?.write('q');
    const { code, report } = await watched.ended;
    expect([code, report]).toEqual([0, expect.stringContaining('canonical True echo True')]);
    expect(watched.screen().endsWith(LEAVE)).toBe(true);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('gives the terminal back on %s', async (signal, expected) => {
    const watched = watchOn(facade.adminUrl);
    await until(() => frames(watched.screen()).length >= 1, 'a frame', 10_000);
    process.kill(watched.pid(), signal);
    const { code, report } = await watched.ended;
    expect([code, report]).toEqual([expected, expect.stringContaining('canonical True echo True')]);
    expect(watched.screen().endsWith(LEAVE)).toBe(true);
  });

  test('a facade that is not there is told of before the screen is taken', async () => {
    const watched = watchOn('http://127.0.0.1:4');
    expect((await watched.ended).code).toBe(3);
    expect(watched.screen()).toContain('No facade answers');
    expect(watched.screen()).not.toContain(ENTER);
  });
});
