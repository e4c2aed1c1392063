import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SANDBOX_TABLE } from '../../../../src/facade/config/sandbox-table.ts';
import { TABLE } from './data.ts';
import { cli, startFakeAdmin, type FakeAdmin } from './kit.ts';

/** Without C2S_BASE_URL the facade runs on its sandbox: the commands judge what it would serve, and ask nobody outside. */

const dir = mkdtempSync(join(tmpdir(), 'c2s-sandbox-cli-'));
const DATA_DIR = join(dir, 'data');
const copy = join(DATA_DIR, SANDBOX_TABLE);
const other = join(dir, 'other.yaml');
const broken = join(dir, 'broken.yaml');
let admin: FakeAdmin;

beforeAll(async () => {
  mkdirSync(DATA_DIR);
  for (const file of [copy, other]) writeFileSync(file, TEXT);
  writeFileSync(broken, TEXT.replace('fallback: direct', 'fallback: both'));
  admin = await startFakeAdmin({
    'GET /api/routes': TABLE,
    'GET /api/config': { file: copy, digest: 'abcdefabcdef' },
  });
});
afterAll(async () => {
  await admin.close();
  rmSync(dir, { recursive: true, force: true });
});

const TEXT = `upstreams:
  direct: { url: "\${C2S_BASE_URL}" }
  gateway: { url: "\${C2S_GATEWAY_URL}" }
routes:
  - id: leads.get
    direct: GET /integration/leads/:leadId
    gateway: GET /leads/:leadId
    rollout: { gateway: 0, shadow: 0, fallback: direct }
`;

const file = async (argv: readonly string[], env: Record<string, string> = {}): Promise<unknown> => {
  const { out } = await cli([...argv, '--json', '--admin', admin.url], { env: { DATA_DIR, ...env } });
  return (JSON.parse(out) as { file: unknown }).file;
};

describe('the table that is judged', () => {
  const REAL = { C2S_BASE_URL: 'https://crm.example', C2S_TOKEN: 'a-token' };

  test.each([
    ["is the sandbox's copy where the facade would run on the sandbox", {}, [], copy],
    ['is the one that --config names', {}, ['--config', other], other],
    ['is the one that FACADE_CONFIG names', { FACADE_CONFIG: other }, [], other],
    ['is the usual one where the direct side has an address', REAL, [], 'config/facade.yaml'],
    ['is the usual one where there is no copy yet', { DATA_DIR: join(dir, 'none') }, [], 'config/facade.yaml'],
  ])('%s', async (_, env, argv, expected) => {
    expect(await file(['check', ...argv], env)).toBe(expected);
    expect(await file(['diff', ...argv], env)).toBe(expected);
    const { out } = await cli(['doctor', ...argv], { env: { DATA_DIR, DATABASE_URL: 'none', ...env } });
    expect(out).toContain(`${expected}: `);
  });

  test('is the one of which the shell completes the routes, and which explain reads without a facade', async () => {
    const env = { DATA_DIR };
    expect((await cli(['complete-routes'], { env })).out).toBe('leads.get\n');
    expect((await cli(['explain', 'GET', '/leads/1', '--offline'], { env })).out).toContain(copy);
  });
});

describe('check says of the facade', () => {
  const notes = async (argv: readonly string[]): Promise<unknown> => {
    const { out } = await cli(['check', '--json', ...argv], { env: { DATA_DIR, C2S_BASE_URL: 'https://crm.example' } });
    return (JSON.parse(out) as { notes: unknown }).notes;
  };

  test.each([
    ['nothing where it was compared', () => ['--config', other, '--admin', admin.url], []],
    ['nothing where --offline keeps it from asking', () => ['--config', other, '--offline'], []],
    ['nothing where the file has errors, which nothing is compared with', () => ['--config', broken], []],
    [
      'where none answers',
      () => ['--config', other, '--admin', '127.0.0.1:4'],
      ['No facade answers at http://127.0.0.1:4: the file was not compared with what serves.'],
    ],
  ])('%s', async (_, argv, expected) => {
    expect(await notes(argv())).toEqual(expected);
  });
});

const SOURCES = { WORK_API_URL: 'https://work.invalid', WORK_API_KEY: 'the-key-of-the-source' };

test('doctor asks no source of the enrichment, for which the sandbox has stand-ins', async () => {
  const env = { DATA_DIR, DATABASE_URL: 'none', PORT: '0', ADMIN_PORT: '4', ...SOURCES };
  const { code, out } = await cli(['doctor'], { env });
  expect([code, out]).toEqual([0, expect.stringContaining('the facade brings its sandbox along')]);
  expect(out).not.toContain('work.invalid');
});

test('probe says that it has no token for the sandbox, and which variables name the real upstreams', async () => {
  const { code, err } = await cli(['probe', 'leads.get', '--param', 'leadId=1'], { env: { DATA_DIR } });
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(/^C2S_BASE_URL is not set, .* Set C2S_BASE_URL and C2S_TOKEN /),
  ]);
});

test('what stands in .env counts, and the environment wins over it', async () => {
  const envFile = join(dir, '.env');
  writeFileSync(envFile, 'ADMIN_HOST=127.0.0.9\nADMIN_PORT=5\n');
  expect((await cli(['routes'], { envFile })).err).toContain('http://127.0.0.9:4 ');
  expect((await cli(['routes'])).err).toContain('http://127.0.0.1:4 ');
});
