import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readText, readTextSync, UnfitFile } from '../../../src/http/read-file.ts';

let directory: string;
const socket = createServer();
const at = (name: string): string => (name.startsWith('/') ? name : join(directory, name));

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'facade-read-'));
  writeFileSync(at('file'), 'a: ã\n');
  writeFileSync(at('empty'), '');
  writeFileSync(at('full'), 'x'.repeat(200_000));
  writeFileSync(at('large'), 'x'.repeat(200_001));
  // As Kubernetes mounts a ConfigMap.
  mkdirSync(at('..2026'));
  writeFileSync(at('..2026/facade.yaml'), 'mounted');
  symlinkSync('..2026', at('..data'));
  symlinkSync('..data/facade.yaml', at('facade.yaml'));
  symlinkSync('/dev/zero', at('endless'));
  symlinkSync('pipe', at('link-to-pipe'));
  symlinkSync('nowhere', at('broken-link'));
  execFileSync('mkfifo', [at('pipe')]);
  socket.listen(at('socket'));
  await once(socket, 'listening');
});
afterAll(() => {
  socket.close();
  rmSync(directory, { recursive: true });
});

describe.each([
  ['readText', readText],
  ['readTextSync', async (path: string, maxBytes: number) => readTextSync(path, maxBytes)],
])('%s', (_, read) => {
  it.each([
    ['file', 'a: ã\n'],
    ['empty', ''],
    ['full', 'x'.repeat(200_000)],
    ['facade.yaml', 'mounted'],
    // Its size is said to be 0.
    ['/proc/self/status', expect.stringContaining('VmPeak')],
  ])('reads %s', async (name, text) => {
    expect(await read(at(name), 200_000)).toEqual(text);
  });

  it.each([
    ['pipe', 'no regular file but a FIFO'],
    ['link-to-pipe', 'no regular file but a FIFO'],
    ['.', 'no regular file but a directory'],
    ['socket', 'no regular file but a socket'],
    ['endless', 'no regular file but a device'],
    ['/dev/tty', /no regular file but a/],
    ['large', 'larger than 0.19073486328125 MiB'],
  ])('refuses %s at once, in words', async (name, code) => {
    const refused = await read(at(name), 200_000).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UnfitFile);
    expect(refused).toMatchObject({ path: at(name), code: expect.stringMatching(code) as string });
  });

  it('refuses one whose size is not told as soon as it is too much', async () => {
    await expect(read('/proc/self/status', 100)).rejects.toThrow('larger than');
  });

  it.each(['broken-link', 'nowhere'])('tells the code of the file system: %s', async (name) => {
    await expect(read(at(name), 100)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
