import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';
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

test('it has the two targets', () => {
  expect([...stages.keys()]).toEqual(expect.arrayContaining(['facade', 'gateway']));
});

test.each(['facade', 'gateway'])('%s runs as the user of the image, who owns /data only', (target) => {
  expect(argsOf(target, 'USER')).toEqual(['node']);
  expect((stages.get(target) ?? []).findLast(({ keyword }) => ['USER', 'RUN', 'COPY'].includes(keyword))).toEqual({
    keyword: 'USER',
    args: 'node',
  });
  expect(argsOf(target, 'RUN')).toEqual(['install --directory --owner=node --group=node /data']);
});

test.each(['facade', 'gateway'])('%s starts what the build makes, without a shell in between', (target) => {
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
  expect(argsOf('facade', 'ENV')).toContain('DATA_DIR=/data');
});

test.each([
  ['facade', 'ADMIN_PORT', '9901'],
  ['gateway', 'GATEWAY_ADMIN_PORT', '9902'],
])('the health check of %s asks the admin listener, with what the image has', async (target, variable, port) => {
  const check = argsOf(target, 'HEALTHCHECK').at(-1) ?? '';
  expect(check).toContain(`process.env.${variable} || ${port}`);
  const [program, ...args] = JSON.parse(/CMD (\[.*\])/s.exec(check)?.[1] ?? '[]') as string[];
  expect(program).toBe('node');
  const server = createServer((req, res) => res.writeHead(req.url === '/healthz' ? 200 : 404).end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const env = { [variable]: String((server.address() as AddressInfo).port) };
  const exitCode = () =>
    promisify(execFile)(process.execPath, args, { env }).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
  expect(await exitCode()).toBe(0);
  await promisify(server.close.bind(server))();
  expect(await exitCode()).toBe(1);
});

test('what runs has no devDependencies, and the console is built', () => {
  expect(argsOf('modules', 'RUN')).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
  expect(argsOf('runtime', 'COPY')).toContain('--from=modules /app/node_modules ./node_modules');
  expect(argsOf('build', 'RUN').at(-1)).toBe('npm run build');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['build']).toContain('build:console');
});

test('every file that it copies exists, and is not kept from it', () => {
  const ignored = new Set(readFileSync('.dockerignore', 'utf8').trim().split('\n'));
  const copied = [...stages.values()]
    .flat()
    .filter(({ keyword, args }) => keyword === 'COPY' && !args.startsWith('--from='))
    .flatMap(({ args }) => args.split(/\s+/).slice(0, -1));
  expect(copied.length).toBeGreaterThan(4);
  for (const path of copied) {
    expect(existsSync(path), path).toBe(true);
    expect(ignored.has(path), path).toBe(false);
  }
});

test('the Node of the image is one that the package takes, and that the tests run on', () => {
  const images = [...text.matchAll(/^FROM node:(\d+)-slim/gm)].map(([, major]) => Number(major));
  expect(new Set(images)).toEqual(new Set([Number(process.versions.node.split('.')[0])]));
});
