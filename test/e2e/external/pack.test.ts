import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LARGEST, npmPack, UNWANTED, type Packed } from '../../unit/release/kit.ts';
import { until } from '../kit/upstream.ts';

/**
 * What an operator gets who installs the package: packed here, installed in an empty folder elsewhere, started there. It
 * asks the registry that npm is set up with for the dependencies.
 */

const root = mkdtempSync(join(tmpdir(), 'c2s-pack-'));
const home = join(root, 'home');
let packed: Packed;

beforeAll(() => {
  // Built for the whole run (kit/built.ts): prepack would write under the eyes of the console's tests.
  packed = npmPack(['--ignore-scripts', '--pack-destination', root]);
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "name": "somebody-else", "type": "module" }');
  const tarball = join(root, packed.filename);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--omit=optional', tarball], {
    cwd: home,
    stdio: 'pipe',
  });
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('the tarball holds what was built and nothing else, and nothing of it is stale', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/c2s/cli/main.js', 'dist/main.js']),
  );
  expect(paths.filter((path) => path.startsWith('dist/facade/admin/console/')).length).toBeGreaterThan(15);
  expect(paths.filter((path) => UNWANTED.some((pattern) => pattern.test(path)))).toEqual([]);
  // Swagger UI's files are copied as they come.
  const built = paths.filter((path) => /^dist\/(?!c2s\/gateway\/docs\/).*\.js$/.test(path));
  const orphans = built.filter((path) => !existsSync(path.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts')));
  expect(orphans, 'dist holds what has no source any more; remove dist and build anew').toEqual([]);
  expect(packed.size).toBeLessThan(LARGEST);
});

test('npx c2s-facade in an empty folder starts the sandbox, and writes its table there', async () => {
  const facade = start([]);
  try {
    const { url, adminUrl } = await facade.ready();
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok', service: 'c2s-facade' });
    expect(await (await fetch(`${adminUrl}/console/`)).text()).toContain('<script');
    expect((await fetch(`${adminUrl}/console/main.js`)).status).toBe(200);
    const lead = /\/integration\/leads\/\w+/.exec(facade.output())?.[0] ?? '';
    const read = await fetch(url + lead, { headers: { authorization: 'Bearer sandbox-caller-token' } });
    expect([read.status, read.headers.get('x-facade-path')]).toEqual([200, 'direct']);
    expect(cli(['routes', '--json', '--admin', adminUrl])).toContain('"leads.get"');
    expect(await facade.stop()).toBe(0);
  } finally {
    facade.child.kill('SIGKILL');
  }
  expect(facade.output()).toContain('config/facade.yaml was written');
  expect(facade.output()).toContain('.data/sandbox.yaml was written');
  expect(readFileSync(join(home, 'config/facade.yaml'), 'utf8')).toBe(readFileSync('config/facade.yaml', 'utf8'));
  expect(readdirSync(join(home, 'node_modules/c2s-facade')).sort()).toEqual([
    '.env.example',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'config',
    'dist',
    'package.json',
  ]);
});

test('the second time, start finds the table where it was left', async () => {
  const facade = start(['start']);
  try {
    const { url } = await facade.ready();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await facade.stop()).toBe(0);
  } finally {
    facade.child.kill('SIGKILL');
  }
  expect(facade.output()).not.toContain('was written');
});

test('commands that need no facade work', () => {
  expect(cli(['check', '--offline'])).toContain('34 routes');
  expect(cli(['explain', 'GET', '/integration/leads/0123456789abcdef0123456789abcdef'])).toContain('leads.get');
});

test('createFacade and runCli are found by their names, and their types are whole', () => {
  const program = `import { createServer } from 'node:http';
import { createFacade, runCli, type ApiPair, type CliOptions, type Facade } from 'c2s-facade';
const environment = { C2S_BASE_URL: 'http://127.0.0.1:9', C2S_TOKEN: 'some-token', C2S_GATEWAY_URL: '' };
const facade: Facade = await createFacade({ config: 'config/facade.yaml', environment });
createServer(facade.handle).on('upgrade', facade.upgrade);
await facade.close();
const options: CliOptions = { pair: {} as ApiPair, name: 'own', argv: ['--help'] };
console.log(await runCli(options), 'closed');
`;
  writeFileSync(join(home, 'embed.ts'), program);
  // As strict as a host may be: the types of the package itself are checked, too.
  const options = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
  };
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['embed.ts'] }));
  expect(run(resolve('node_modules/.bin/tsc'), ['-p', '.'])).toBe('');
  expect(run(process.execPath, ['embed.ts'])).toMatch(/^Usage: own [^]*\n0 closed\n$/);
});

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      cwd: home,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
      stdio: 'pipe',
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

const cli = (args: readonly string[]): string => run(join(home, 'node_modules/.bin/c2s-facade'), args);

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  ready(): Promise<{ url: string; adminUrl: string }>;
  stop(): Promise<number | null>;
}

function start(args: readonly string[]): Started {
  const child = spawn(join(home, 'node_modules/.bin/c2s-facade'), args, {
    cwd: home,
    // The database is optional, and was left out.
    env: { PATH: process.env['PATH'], PORT: '0', ADMIN_PORT: '0', DATABASE_URL: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    output: () => output,
    async ready() {
      const line = /^c2s-facade (\S+) +admin (\S+)$/m;
      await until(
        () => (line.test(output) && output.includes('Take it back')) || child.exitCode !== null,
        `it starts: ${output}`,
        20_000,
      );
      const [, url, adminUrl] = line.exec(output) ?? [];
      if (!url || !adminUrl) throw new Error(`it did not start: ${output}`);
      return { url, adminUrl };
    },
    async stop() {
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null || child.signalCode !== null, `it stops: ${output}`, 10_000);
      return child.exitCode;
    },
  };
}
