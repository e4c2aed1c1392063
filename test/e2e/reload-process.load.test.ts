import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { setAll } from './kit/facade.ts';
import { startProcess } from './kit/process.ts';
import { startRawUpstream, until } from './kit/upstream.ts';
import { answering, ask, opened, viewConfig } from './kit/reloading.ts';

/** What the process makes of its files at its start, and on SIGHUP; within one process in reload.test.ts. */

afterEach(opened.closeAll);

describe('the process', () => {
  test('reloads on SIGHUP, and reads the .env file anew: C2S_GATEWAY_URL emptied there takes everything back', async () => {
    const [direct, gateway] = [await answering('direct'), await answering('gateway')];
    const facade = opened.keep(
      startProcess({ env: { C2S_BASE_URL: direct.url, LOG_LEVEL: 'info' }, edit: (config) => setAll(config, 100) }),
    );
    const { url, adminUrl } = await facade.ready();
    const metrics = async () => (await fetch(`${adminUrl}/metrics`)).text();
    expect(await ask(url)).toBe('200 direct');
    // The file is watched too; each step waits for its own effect.
    writeFileSync(join(facade.dir, '.env'), `C2S_GATEWAY_URL=${gateway.url}\n`);
    await until(async () => (await ask(url)) === '200 gateway', 'the gateway is known');
    writeFileSync(join(facade.dir, '.env'), 'C2S_GATEWAY_URL=\n');
    await until(async () => (await ask(url)) === '200 direct', 'everything is back', 2_000);
    const reloads = (text: string) =>
      Number(/^facade_config_reloads_total\{result="success"\} (\d+)$/m.exec(text)?.[1]);
    const before = reloads(await metrics());
    facade.child.kill('SIGHUP');
    await until(async () => reloads(await metrics()) === before + 1, 'it was loaded again, although it did not change');
    expect(await ask(url)).toBe('200 direct');
  });

  test('a FIFO in the place of the table or of .env holds up neither a reload, nor what follows, nor the end', async () => {
    const direct = await answering('direct');
    const facade = opened.keep(startProcess({ env: { C2S_BASE_URL: direct.url, LOG_LEVEL: 'info' } }));
    const { url, adminUrl } = await facade.ready();
    const good = readFileSync(facade.configFile, 'utf8');
    const wrongWith = async () => (await viewConfig({ adminUrl })).lastError?.problems[0];
    const envFile = join(facade.dir, '.env');
    for (const file of [facade.configFile, envFile]) {
      rmSync(file, { force: true });
      execFileSync('mkfifo', [file]);
      const message = 'cannot be read (no regular file but a FIFO)';
      await until(async () => (await wrongWith())?.message === message, `${file} is told`, 5_000);
      expect(await wrongWith()).toMatchObject({
        where: expect.stringContaining(file === envFile ? '.env' : file) as string,
      });
      expect(await ask(url)).toBe('200 direct');
      rmSync(file);
      writeFileSync(file, file === envFile ? '' : good);
      await until(async () => (await wrongWith()) === undefined, `${file} is read again`, 5_000);
    }
    rmSync(facade.configFile);
    execFileSync('mkfifo', [facade.configFile]);
    await until(async () => (await wrongWith()) !== undefined, 'it is told again', 5_000);
    facade.child.kill('SIGTERM');
    expect(await facade.exited(5_000)).toBe(0);
  });

  test.each([
    ['FACADE_CONFIG', 'table.yaml', /table\.yaml: cannot be read \(no regular file but a FIFO\)/],
    ['.env', '.env', /^\.env: cannot be read \(no regular file but a FIFO\); make it a regular file/m],
  ])('does not start on a FIFO as %s, and says so', async (_, name, words) => {
    const facade = opened.keep(
      startProcess({
        entry: 'test/e2e/kit/fifo-first.ts',
        env: { C2S_BASE_URL: 'http://127.0.0.1:9', FACADE_CONFIG: 'table.yaml', FIFO: name },
      }),
    );
    expect(await facade.exited()).toBe(1);
    expect(facade.stderr()).toMatch(words);
    expect(facade.stderr()).not.toMatch(/\bat .*\.ts:\d/);
  });

  test('does not start on a bad file: exit code 1, and every problem on stderr', async () => {
    const good = readFileSync('config/facade.yaml', 'utf8');
    const text = good.replace('id: leads.list', 'id: leads list').replace('budget: 0.2', 'budget: 7');
    const facade = opened.keep(startProcess({ text, env: { C2S_BASE_URL: 'http://127.0.0.1:9' } }));
    expect(await facade.exited()).toBe(1);
    expect(facade.stderr()).toMatch(/leads list/);
    expect(facade.stderr()).toMatch(/budget/);
    expect(facade.stderr()).toMatch(/facade\.yaml:\d+/);
    expect(facade.stderr()).not.toMatch(/\bat .*\.ts:\d/);
  });

  test('does not start without its file, and says which setting names it', async () => {
    const facade = opened.keep(
      startProcess({ env: { C2S_BASE_URL: 'http://127.0.0.1:9', FACADE_CONFIG: 'nowhere.yaml' } }),
    );
    expect(await facade.exited()).toBe(1);
    expect(facade.stderr()).toMatch(/nowhere\.yaml.*ENOENT.*FACADE_CONFIG/);
  });

  test('lists every missing or wrong variable at once, and exits with 1', async () => {
    const facade = opened.keep(
      startProcess({
        env: {
          C2S_BASE_URL: 'http://127.0.0.1:9',
          C2S_TOKEN: undefined,
          FACADE_TOKENS: 'short',
          PORT: '99999',
          LOG_LEVEL: 'loud',
          ADMIN_HOST: '0.0.0.0',
          DIRETRIX_BASE_URL: 'not a url',
          WORK_API_URL: 'http://127.0.0.1:9',
        },
      }),
    );
    expect(await facade.exited()).toBe(1);
    const names = [
      'C2S_TOKEN',
      'FACADE_TOKENS',
      'PORT',
      'LOG_LEVEL',
      'ADMIN_TOKEN',
      'DIRETRIX_BASE_URL',
      'WORK_API_KEY',
    ];
    for (const name of [...names, 'DIRETRIX_USER', 'DIRETRIX_PASS']) {
      expect(facade.stderr()).toMatch(new RegExp(`^${name}: `, 'm'));
    }
    expect(facade.stderr()).not.toContain('short');
  });

  test.each(['PORT', 'ADMIN_PORT'])('says which setting to change when %s is taken, and exits with 1', async (name) => {
    const taken = opened.keep(await startRawUpstream((socket) => socket.destroy()));
    const facade = opened.keep(
      startProcess({ env: { C2S_BASE_URL: 'http://127.0.0.1:9', [name]: String(taken.port) } }),
    );
    expect(await facade.exited()).toBe(1);
    expect(facade.stderr()).toContain(`cannot listen on 127.0.0.1:${taken.port} (EADDRINUSE); set ${name} to another`);
    expect(facade.stderr()).not.toMatch(/\bat .*\.ts:\d/);
  });
});
