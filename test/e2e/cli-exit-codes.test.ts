import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../unit/facade/cli/kit.ts';
import { C2S_TOKEN, FACADE_TOKEN, startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, type TestUpstream } from './kit/upstream.ts';

/** The exit codes of docs/cli.md: each command in each situation that has one, against a facade that runs. */

const opened = new Opened();
let upstream: TestUpstream;
let facade: TestFacade;
beforeAll(async () => {
  upstream = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{}')));
  facade = opened.keep(await startFacade({ direct: upstream.url, gateway: upstream.url }));
  writeFileSync(broken(), readFileSync(facade.configFile, 'utf8').replace('fallback: direct', 'fallback: both'));
});
afterAll(opened.closeAll);

const broken = (): string => `${facade.configFile}.broken`;
const env = () => ({
  C2S_BASE_URL: upstream.url,
  C2S_GATEWAY_URL: upstream.url,
  C2S_TOKEN,
  FACADE_TOKENS: FACADE_TOKEN,
  FACADE_CONFIG: facade.configFile,
  DATABASE_URL: 'none',
  PORT: '0',
});
const codeOf = async (argv: readonly string[], more: Record<string, string> = {}): Promise<number | undefined> =>
  (await cli(argv, { env: { ...env(), ADMIN_PORT: new URL(facade.adminUrl).port, ...more } })).code;

/** In words that a command may have beside its name. */
const ASKING: readonly (readonly string[])[] = [
  ['routes'],
  ['history'],
  ['discover'],
  ['diff'],
  ['parity'],
  ['parity', 'leads.get'],
  ['samples', 'leads.get'],
  ['autopilot'],
  ['notify'],
  ['migration'],
  ['flip', 'leads.get', '--gateway', '5', '--yes'],
  ['rollback', '--yes'],
  ['kill-switch'],
  ['kill-switch', 'on'],
  ['unknown-writes'],
  ['audit'],
  ['dead-letters'],
];

describe('0: ok', () => {
  test.each([
    [['routes']],
    [['routes', '--json']],
    [['--json', 'routes']],
    [['history']],
    [['discover']],
    [['diff']],
    [['check']],
    [['doctor']],
    [['parity']],
    [['samples', 'leads.get']],
    [['samples', 'leads.get', '--full']],
    [['autopilot']],
    [['notify']],
    [['migration']],
    [['kill-switch']],
    [['explain', 'GET', '/leads/1']],
    [['probe', 'leads.get', '--param', 'leadId=1']],
    [['flip', 'leads.get', '--gateway', '0', '--yes']],
    [['completion', 'bash']],
    [['help']],
    [['help', 'flip']],
    [['--version']],
  ])('%j', async (argv) => {
    expect(await codeOf(argv)).toBe(0);
  });
});

describe('1: problems', () => {
  test.each([
    ['a broken table', () => ['check', '--config', broken()]],
    ['a broken table', () => ['doctor', '--config', broken()]],
    ['a broken table', () => ['diff', '--config', broken()]],
    ['a broken table', () => ['flip', 'leads.get', '--gateway', '5', '--offline', '--yes', '--config', broken()]],
    ['no table', () => ['check', '--config', '/nowhere.yaml']],
    ['no table', () => ['explain', 'GET', '/leads/1', '--offline', '--config', '/nowhere.yaml']],
    ['a route that is not ready', () => ['parity', 'leads.get']],
    ['a flip against the evidence', () => ['flip', 'leads.get', '--gateway', '5', '--yes']],
    ['a route that is not on autopilot', () => ['autopilot', 'leads.get']],
  ])('%s', async (_, argv) => {
    expect(await codeOf(argv())).toBe(1);
  });
});

describe('2: wrong usage', () => {
  test.each([
    [['nonsense']],
    [['help', 'nonsense']],
    [['routes', '--nonsense']],
    [['routes', '--stage', 'nowhere']],
    [['explain', 'GET']],
    [['explain', 'GET', 'leads']],
    [['probe', 'leads.get']],
    [['probe', 'POST', '/leads']],
    [['flip', 'leads.get']],
    [['flip', 'leads.get', '--gateway', '101']],
    [['rollback', 'yesterday']],
    [['watch']],
    [['completion', 'tcsh']],
    [['smoke', 'nowhere']],
    [['erase']],
    [['unknown-writes', '--settle']],
    [['dead-letters', '--retry']],
    [['import']],
    [['webhooks', 'subscribe', 'nowhere']],
    [['replay', '/nowhere']],
    [['init', '--direct', 'old.yaml']],
    [['flip', 'leads.get', '--gateway', '5', '--force', '--why', 'a test']],
  ])('%j', async (argv) => {
    expect(await codeOf(argv)).toBe(2);
  });

  test.each([
    [['flip', 'leads.gett', '--gateway', '5', '--yes']],
    [['flip', 'leads.gett', '--gateway', '5', '--yes', '--offline']],
    [['history', 'leads.gett']],
    [['parity', 'leads.gett']],
    [['samples', 'leads.gett']],
    [['autopilot', 'leads.gett']],
    [['autopilot', 'leads.gett', '--pause']],
    [['probe', 'leads.gett', '--param', 'leadId=1']],
  ])('an unknown route is told in one sentence: %j', async (argv) => {
    const result = await cli(argv, { env: { ...env(), ADMIN_PORT: new URL(facade.adminUrl).port } });
    expect(result).toEqual({ code: 2, out: '', err: 'There is no route "leads.gett"; did you mean "leads.get"?\n' });
  });
});

describe('3: the facade cannot be reached, or does not let us in', () => {
  test.each(ASKING.map((argv) => [argv] as const))('%j', async (argv) => {
    expect(await codeOf([...argv, '--admin', '127.0.0.1:4'])).toBe(3);
    // The public listener is not the admin listener.
    expect(await codeOf([...argv, '--admin', facade.url])).toBe(3);
  });
});

test('every code that is tested here, and no other, is in the table of docs/cli.md', () => {
  const text = readFileSync('docs/cli.md', 'utf8');
  const section = text.slice(text.indexOf('## Exit codes'), text.indexOf('## The first table'));
  expect([...section.matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code))).toEqual([0, 1, 2, 3, 130]);
});
