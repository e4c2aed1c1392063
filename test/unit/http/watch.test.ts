import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchConfig, type ConfigWatch, type WatchOptions } from '../../../src/http/watch.ts';

/** Longer than any test: with this poll only events can bring a change. */
const NEVER = 3_600_000;

let directory: string;
let file: string;
let texts: string[];
let errors: string[];
const open: ConfigWatch[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'facade-watch-'));
  file = join(directory, 'facade.yaml');
  texts = [];
  errors = [];
  writeFileSync(file, 'one');
});

afterEach(() => {
  for (const each of open.splice(0)) each.close();
  rmSync(directory, { recursive: true, force: true });
});

function start(options: Partial<WatchOptions> = {}): ConfigWatch {
  const watching = watchConfig({
    file,
    onChange: (text) => texts.push(text),
    onError: (error) => errors.push(error.message),
    settleMs: 20,
    ...options,
  });
  open.push(watching);
  return watching;
}

/** Waits until exactly these texts were delivered; fails after five seconds. */
const delivered = (...expected: string[]) =>
  vi.waitFor(() => expect(texts).toEqual(expected), { timeout: 5_000, interval: 10 });

describe.each([
  ['by events alone', NEVER],
  ['by the default poll at the latest', undefined],
])('a change is seen %s', (_, pollMs) => {
  it('when the file is written in place, each time', async () => {
    start(pollMs === undefined ? {} : { pollMs });
    writeFileSync(file, 'two');
    await delivered('two');
    writeFileSync(file, 'six'); // as long as before
    await delivered('two', 'six');
  });

  it('when it is replaced by rename, each time', async () => {
    start(pollMs === undefined ? {} : { pollMs });
    for (const text of ['two', 'three', 'four']) {
      writeFileSync(join(directory, 'facade.yaml.new'), text);
      renameSync(join(directory, 'facade.yaml.new'), file);
      await vi.waitFor(() => expect(texts.at(-1)).toBe(text), { timeout: 5_000, interval: 10 });
    }
    await delivered('two', 'three', 'four');
  });

  it('when it is deleted and made anew', async () => {
    start(pollMs === undefined ? {} : { pollMs });
    unlinkSync(file);
    writeFileSync(file, 'two');
    await delivered('two');
    expect(errors).toEqual([]);
  });

  it('when Kubernetes swaps the ..data link above a ConfigMap', async () => {
    const publish = (version: string, text: string) => {
      mkdirSync(join(directory, version));
      writeFileSync(join(directory, version, 'facade.yaml'), text);
      symlinkSync(version, join(directory, '..data_tmp'));
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    unlinkSync(file);
    publish('..2024_01', 'one');
    symlinkSync(join('..data', 'facade.yaml'), file);
    start(pollMs === undefined ? {} : { pollMs });
    publish('..2024_02', 'two');
    await delivered('two');
    publish('..2024_03', 'three');
    await delivered('two', 'three');
  });
});

describe('what events cannot tell, the poll finds', () => {
  it('a link that leads to a file in another directory', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'facade-watch-'));
    const target = join(elsewhere, 'real.yaml');
    writeFileSync(target, 'one');
    unlinkSync(file);
    symlinkSync(target, file);
    start({ pollMs: 30 });
    writeFileSync(target, 'two');
    await delivered('two');
    rmSync(elsewhere, { recursive: true });
  });

  it('a directory that did not exist at first', async () => {
    const late = join(directory, 'late', 'facade.yaml');
    start({ file: late, pollMs: 30 });
    mkdirSync(join(directory, 'late'));
    writeFileSync(late, 'two');
    await delivered('two');
  });
});

describe('what is delivered', () => {
  it('is content that has settled, not a half-written file', async () => {
    start({ pollMs: 5, settleMs: 1_000 });
    // Written piece by piece, each piece well within the settling time of the one before.
    for (const piece of ['r', 'ro', 'rou', 'rout', 'route', 'routes']) {
      writeFileSync(file, piece);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await delivered('routes');
  });

  it('is nothing when the file is touched, or changed and changed back', async () => {
    const watching = start({ pollMs: 5, settleMs: 100 });
    writeFileSync(file, 'one');
    writeFileSync(file, 'two');
    writeFileSync(file, 'one');
    await watching.check();
    writeFileSync(file, 'end');
    await delivered('end');
  });

  it('includes what changed between the first reading and the watch', async () => {
    start({ pollMs: 20, current: 'what was loaded at start' });
    await delivered('one');
  });

  it('comes at once on check, and on reload even when it is what it was', async () => {
    const watching = start({ pollMs: NEVER, settleMs: NEVER });
    await watching.check();
    expect(texts).toEqual([]);
    await watching.reload();
    expect(texts).toEqual(['one']);
    writeFileSync(file, 'two');
    await watching.check();
    expect(texts).toEqual(['one', 'two']);
  });

  it('is nothing after close, not even a read that was under way', async () => {
    const watching = start({ pollMs: NEVER, settleMs: NEVER });
    const reading = watching.reload();
    watching.close();
    await reading;
    await watching.reload();
    expect(texts).toEqual([]);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['a FIFO that nobody writes to', () => execFileSync('mkfifo', [file]), /no regular file but a FIFO/],
    ['a link to a device without an end', () => symlinkSync('/dev/zero', file), /no regular file but a device/],
    ['a directory', () => mkdirSync(file), /no regular file but a directory/],
    ['more than a megabyte', () => writeFileSync(file, 'x'.repeat(1_048_577)), /larger than 1 MiB/],
  ])('is an error where it is replaced by %s, and the next file is taken', async (_, replace, words) => {
    const watching = start();
    rmSync(file);
    replace();
    await watching.reload();
    expect(errors).toEqual([expect.stringMatching(words)]);
    rmSync(file, { recursive: true });
    writeFileSync(file, 'two');
    await watching.check();
    expect(texts).toEqual(['two']);
  });

  it('is told once, and is delivered when it is back, even unchanged', async () => {
    start({ pollMs: 10 });
    unlinkSync(file);
    await vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 5_000, interval: 10 });
    expect(errors[0]).toContain('ENOENT');
    writeFileSync(file, 'one');
    await delivered('one');
    expect(errors).toHaveLength(1);
  });

  it('and was never there is no error', async () => {
    const watching = start({ file: join(directory, '.env'), pollMs: NEVER });
    await watching.check();
    expect(errors).toEqual([]);
    writeFileSync(join(directory, '.env'), 'A=1');
    await delivered('A=1');
  });
});

it('a consumer that throws is told of it, and the next change still arrives', async () => {
  const watching = start({
    pollMs: NEVER,
    settleMs: NEVER,
    onChange(text) {
      texts.push(text);
      if (text === 'bad') throw new Error('cannot use it');
    },
  });
  writeFileSync(file, 'bad');
  await watching.check();
  writeFileSync(file, 'good');
  await watching.check();
  expect(texts).toEqual(['bad', 'good']);
  expect(errors).toEqual(['cannot use it']);
});
