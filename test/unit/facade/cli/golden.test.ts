import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AUTOPILOT,
  AUTOPILOT_ONE,
  DISCOVERY,
  FLIPPED,
  HISTORY,
  MIGRATION,
  PARITY,
  SAMPLES,
  TABLE,
  UNKNOWN_WRITES,
} from './data.ts';
import { cli, startFakeAdmin, withUsualPort, type FakeAdmin } from './kit.ts';

/** What people see, whole, on a narrow and on a wide terminal. `vitest -u` writes the texts anew; read the diff. */

let admin: FakeAdmin;
const dir = mkdtempSync(join(tmpdir(), 'c2s-cli-'));
const config = join(dir, 'facade.yaml');

beforeAll(async () => {
  admin = await startFakeAdmin({
    'GET /api/routes': TABLE,
    'GET /api/discovery': DISCOVERY,
    'GET /api/parity': PARITY,
    'POST /api/parity/leads.get/drift/accept': { accepted: true },
    'GET /api/parity/leads.get/samples': SAMPLES,
    'GET /api/autopilot': AUTOPILOT,
    'GET /api/autopilot/leads.get': AUTOPILOT_ONE,
    'GET /api/history': HISTORY,
    'GET /api/migration': MIGRATION,
    'POST /api/flips': FLIPPED,
    'GET /api/unknown-writes': UNKNOWN_WRITES,
    'POST /api/unknown-writes/settle': { settled: ['2f1d8a52-5d58-4a6e-9f6c-0b1f6a1b8c01'] },
    'GET /api/config': { file: 'config/facade.yaml', digest: 'abcdefabcdef' },
  });
  writeFileSync(config, FILE);
});
afterAll(async () => {
  await admin.close();
  rmSync(dir, { recursive: true, force: true });
});

const FILE = `upstreams:
  direct: { url: "\${C2S_BASE_URL}" }
  gateway: { url: "https://gateway.example" }
routes:
  - id: leads.get
    direct: GET /integration/leads.get
    gateway: GET /leads.get
    rollout: { gateway: 25, shadow: 10, fallback: none }
  - id: tags.create
    direct: POST /integration/tags
    gateway: POST /tags
    rollout: { gateway: 100 }
`;

const UNKNOWN_ID = '2f1d8a52-5d58-4a6e-9f6c-0b1f6a1b8c01';
const env = { C2S_BASE_URL: 'https://crm.example', C2S_TOKEN: 'a-token', C2S_GATEWAY_URL: 'https://elsewhere.example' };

async function shown(argv: readonly string[], width: number, code: number): Promise<string> {
  const result = await cli([...argv, '--admin', admin.url], { width, env });
  expect(result.err).toBe('');
  expect(result.code).toBe(code);
  return withUsualPort(result.out).replaceAll(config, 'facade.yaml');
}

test.each([
  ['routes', ['routes'], 0],
  ['routes-one', ['routes', 'messages', '--stage', 'gateway'], 0],
  ['discover', ['discover'], 0],
  ['parity', ['parity'], 0],
  ['parity-one', ['parity', 'leads.get'], 1],
  ['parity-write', ['parity', 'leads.messages.create'], 1],
  ['parity-accept', ['parity', 'leads.get', '--accept-drift', '--why', 'the CRM renamed it'], 0],
  ['samples', ['samples', 'leads.get'], 0],
  ['samples-full', ['samples', 'leads.get', '--full'], 0],
  ['autopilot', ['autopilot'], 0],
  ['autopilot-one', ['autopilot', 'leads.get'], 0],
  ['history', ['history'], 0],
  ['migration', ['migration'], 0],
  ['unknown-writes', ['unknown-writes'], 0],
  ['unknown-writes-settle', ['unknown-writes', '--settle', UNKNOWN_ID, '--arrived', '--why', 'it is there'], 0],
  ['diff', ['diff', '--config', config], 1],
  ['check', ['check', '--config', config], 0],
])('%s', async (name, argv, code) => {
  for (const width of [80, 120]) {
    const text = await shown(argv, width, code);
    await expect(text).toMatchFileSnapshot(`golden/${name}-${width}.txt`);
  }
});

test.each([
  ['flip-refused', [], 1],
  ['flip-forced', ['--force', '--why', 'the phone is mended on Monday'], 0],
] as const)('%s, before it is asked', async (name, forced, code) => {
  for (const width of [80, 120]) {
    const argv = ['flip', '--all', '--gateway', '25', '--yes', ...forced, '--admin', admin.url];
    const result = await cli(argv, { width, env });
    expect(result.code).toBe(code);
    await expect(`${result.err}${result.out}`).toMatchFileSnapshot(`golden/${name}-${width}.txt`);
  }
});

test('a table that fits into the terminal stays within it', async () => {
  for (const command of [
    'routes',
    'discover',
    'parity',
    'autopilot',
    'history',
    'migration',
    'unknown-writes',
    'samples',
  ]) {
    for (const width of ['migration', 'routes', 'history'].includes(command) ? [120] : [80, 120]) {
      const argv = command === 'samples' ? [command, 'leads.get'] : [command];
      const tables = (await shown(argv, width, 0)).split('\n').filter((line) => / {2,}\S+.* {2,}\S/.test(line.trim()));
      expect(Math.max(...tables.map((line) => line.length)), `${command} at ${width}`).toBeLessThanOrEqual(width);
    }
  }
});

test('colours come on a terminal, say nothing by themselves, and stay out of JSON', async () => {
  const plain = await cli(['routes', '--admin', admin.url]);
  const coloured = await cli(['routes', '--admin', admin.url], { terminal: true });
  expect(plain.out).not.toContain('\x1b');
  expect(coloured.out).toContain('\x1b[31m');
  expect(stripVTControlCharacters(coloured.out)).toBe(plain.out);
  const json = await cli(['routes', '--json', '--admin', admin.url], { terminal: true });
  expect(json.out).not.toContain('\x1b');
});

test.each([
  ['routes', TABLE],
  ['discover', DISCOVERY],
  ['parity', PARITY.routes],
  ['history', HISTORY],
  ['migration', MIGRATION],
])('%s --json is what the facade serves', async (command, served) => {
  const { out, code } = await cli([command, '--json', '--admin', admin.url]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual(served);
});
