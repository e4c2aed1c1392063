import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VARIABLE_NAMES } from '../../../src/c2s/environment.ts';
import { drainDelay, FACADE_DRAIN, isBuiltFromSource, seconds } from './kit.ts';

const lines = readFileSync('deploy/c2s-facade.service', 'utf8').split('\n');
const sections = new Map<string, Map<string, string[]>>();
for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
  const [, section] = /^\[(\w+)\]$/.exec(line) ?? [];
  if (section) {
    sections.set(section, new Map());
    continue;
  }
  const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
  const current = [...sections.values()].at(-1);
  if (key === undefined || value === undefined || !current) throw new Error(`not a line of a unit: ${line}`);
  current.set(key, [...(current.get(key) ?? []), value]);
}
const service = (key: string) => sections.get('Service')?.get(key)?.at(-1) ?? '';

const variables = (sections.get('Service')?.get('Environment') ?? []).map((one) => one.split('=') as [string, string]);

test('it is a unit', () => {
  expect([...sections.keys()]).toEqual(['Unit', 'Service', 'Install']);
});

test('it starts what the package holds', () => {
  const [, file = ''] = /node_modules\/c2s-facade\/(\S+)$/.exec(service('ExecStart')) ?? [];
  expect(isBuiltFromSource(file)).toBe(true);
});

test('it waits for the end, and does not stop the database under the requests', () => {
  const delay = drainDelay(Object.fromEntries(variables), 'DRAIN_DELAY');
  expect(seconds(service('TimeoutStopSec'))).toBeGreaterThan(FACADE_DRAIN + delay);
  expect(service('KillMode')).toBe('mixed');
});

test('its variables are the facade’s, and lie where it may write', () => {
  const names = variables.map(([name]) => name).filter((name) => name !== 'NODE_ENV');
  expect(VARIABLE_NAMES).toEqual(expect.arrayContaining(names));
  expect(names.sort()).toEqual(['DATA_DIR', 'DRAIN_DELAY', 'FACADE_CONFIG']);
  const state = `/var/lib/${service('StateDirectory')}/`;
  for (const [name, value] of variables.filter(([name]) => ['DATA_DIR', 'FACADE_CONFIG'].includes(name))) {
    expect(value.startsWith(state), name).toBe(true);
  }
  expect(`${service('WorkingDirectory')}/`).toBe(state);
});

test('it may do no more than it needs', () => {
  const hard = { ProtectSystem: 'strict', NoNewPrivileges: 'yes', DynamicUser: 'yes', PrivateTmp: 'yes' };
  for (const [key, value] of Object.entries(hard)) expect(service(key)).toBe(value);
  expect(sections.get('Service')?.get('CapabilityBoundingSet')).toEqual(['']);
  // V8 compiles at run time: with it the process would not start.
  expect(service('MemoryDenyWriteExecute')).toBe('');
});

/** 0 is locked up, 10 open to everything. What is left is the network, V8's memory and its own root directory. */
const MAX_EXPOSURE = 1.3;
const analysed = spawnSync('systemd-analyze', ['security', '--offline=true', 'deploy/c2s-facade.service'], {
  encoding: 'utf8',
});

test.skipIf(analysed.error !== undefined)('systemd finds it locked up', () => {
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(analysed.stdout) ?? [];
  expect(Number(exposure), analysed.stdout + analysed.stderr).toBeLessThanOrEqual(MAX_EXPOSURE);
});

test('what it may use up is bounded, and no core file shows what it knew', () => {
  expect(['MemoryMax', 'TasksMax', 'LimitCORE'].map(service)).toEqual(['2G', '512', '0']);
});
