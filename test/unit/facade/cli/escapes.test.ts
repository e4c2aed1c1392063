import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { painted } from '../../../../src/facade/cli/paint.ts';
import { visible, visibleJson } from '../../../../src/http/visible.ts';
import { AUTOPILOT, AUTOPILOT_ONE, DISCOVERY, FLIPPED, HISTORY, MIGRATION, PARITY, SAMPLES, TABLE } from './data.ts';
import { cli, startFakeAdmin, type FakeAdmin } from './kit.ts';

/** What an admin API, an upstream or a file says cannot steer the terminal of who reads it, and forges no line. */

/** Clears the screen, hides text by a colour, begins a sequence as C1 does, turns text around, and begins a line. */
const HOSTILE = '\x1b[2J\x1b[8mx\x1b]0;t\x07\x9b31m\x7f\u202e\u2066\r\nFORGED';
const UNSEEN = /(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;
const withoutColours = (text: string): string => text.replaceAll(/\x1b\[(?:1|2|22|31|32|33|39)m/g, '');

/** Every text of an answer but those that a program reads, with the hostile one behind it. */
function hostile(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return ['diff', 'stage', 'method'].includes(name) ? value : `${value}${HOSTILE}`;
  if (Array.isArray(value)) return value.map((one) => hostile(one, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hostile(one, key)]));
}

const refusal = { type: 'urn:x', title: 'x', detail: `no${HOSTILE}`, problems: [`one${HOSTILE}`] };
const plan = { revision: 1, changes: [{ route: `a${HOSTILE}`, from: { gateway: 0 }, to: { gateway: 1 } }] };
let admin: FakeAdmin;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'c2s-esc-'));
  writeFileSync(join(dir, 'bad.yaml'), `routes: [{ id: "a\\e[2J\\u009b\\u202eb", "x\\e[2J": 1 }]\n`);
  writeFileSync(join(dir, 'fixture.json'), `{"route": ${JSON.stringify(HOSTILE)}}`);
  const path = `/a${HOSTILE}`;
  writeFileSync(join(dir, 'old.json'), JSON.stringify({ openapi: '3.0.0', paths: { [path.slice(1)]: { get: {} } } }));
  admin = await startFakeAdmin({
    'GET /api/routes': hostile(TABLE),
    'GET /api/discovery': hostile(DISCOVERY),
    'GET /api/parity': hostile(PARITY),
    'GET /api/parity/leads.get/samples': hostile(SAMPLES),
    'GET /api/autopilot': hostile(AUTOPILOT),
    'GET /api/autopilot/leads.get': { ...(hostile(AUTOPILOT_ONE) as object), phase: 'proposing' },
    'GET /api/autopilot/refused': [422, refusal],
    'GET /api/history': hostile(HISTORY),
    'GET /api/migration': hostile(MIGRATION),
    'GET /api/config': hostile({ file: 'facade.yaml', digest: 'abcdef' }),
    'POST /api/rollback': { ...plan, guard: hostile(FLIPPED.guard) },
    'POST /api/flips': hostile(FLIPPED),
    'PUT /api/kill-switch': [422, refusal],
    'DELETE /api/kill-switch': { on: true, by: [HOSTILE] },
    'POST /api/explain': [422, refusal],
  });
});
afterAll(async () => {
  await admin.close();
  rmSync(dir, { recursive: true, force: true });
});

const COMMANDS: readonly (readonly string[])[] = [
  ['routes'],
  ['discover'],
  ['parity'],
  ['parity', `leads.get${HOSTILE}`],
  ['samples', 'leads.get'],
  ['autopilot'],
  ['autopilot', 'leads.get'],
  ['autopilot', 'refused'],
  ['history'],
  ['migration'],
  ['diff', '--config', 'config/facade.yaml'],
  ['rollback', '--yes'],
  ['rollback', '--yes', '--force', '--why', 'so'],
  ['flip', '--all', '--gateway', '7', '--yes'],
  ['flip', '--all', '--gateway', '7', '--yes', '--force', '--why', 'so'],
  ['flip', HOSTILE, '--gateway', '7', '--yes'],
  ['kill-switch'],
  ['kill-switch', 'on'],
  ['kill-switch', 'off'],
  ['explain', 'GET', `/leads/1${HOSTILE}`],
  ['explain', 'GET', `/leads/1${HOSTILE}`, '--offline', '--config', 'config/facade.yaml'],
  ['check', '--config', 'BAD'],
  ['replay', 'FIXTURE', '--config', 'config/facade.yaml'],
  ['replay', `/gone${HOSTILE}`, '--config', 'config/facade.yaml'],
  ['init', '--direct', 'OLD', '--gateway', 'OLD', '--output', '-'],
  [HOSTILE],
];
const OF_THE_ADMIN_LISTENER = new Set('routes discover parity samples autopilot history migration diff'.split(' '));
OF_THE_ADMIN_LISTENER.add('rollback').add('flip').add('kill-switch').add('explain');

describe.each(COMMANDS.map((argv) => [argv.map(visible).join(' '), argv] as const))('%s', (_, argv) => {
  const whole = (): string[] => {
    const places: Record<string, string> = { BAD: 'bad.yaml', FIXTURE: 'fixture.json', OLD: 'old.json' };
    const args = argv.map((one) => (places[one] === undefined ? one : join(dir, places[one])));
    return OF_THE_ADMIN_LISTENER.has(argv[0] ?? '') ? [...args, '--admin', admin.url] : args;
  };
  const env = { C2S_BASE_URL: 'http://crm.invalid', C2S_TOKEN: 'a-token-of-some-length' };

  test.each([80, 200])('nothing but our colours reaches a terminal of %i columns', async (width) => {
    const { out, err } = await cli(whole(), { terminal: true, width, env });
    expect(out + err).not.toBe('');
    expect(withoutColours(out)).not.toMatch(UNSEEN);
    expect(withoutColours(err)).not.toMatch(UNSEEN);
    expect(out).not.toMatch(/^FORGED/m);
  });

  test('nor with --json', async () => {
    if (argv[0] === 'init' || argv[0] === 'replay') return;
    const { out, err } = await cli([...whole(), '--json'], { terminal: true, env });
    expect(withoutColours(out + err)).not.toMatch(UNSEEN);
  });
});

test('history shows what was said', async () => {
  const { out } = await cli(['history', '--admin', admin.url], { width: 900 });
  expect(out).toContain(String.raw`ana\x1b[2J\x1b[8mx\x1b]0;t\x07\x9b31m\x7f\u202e\u2066\r\nFORGED`);
});

const anyText = fc.string({ unit: 'binary' });
const texts = fc
  .array(fc.oneof(anyText, fc.constantFrom('\x1b', '[', '31m', '\x9b', '1;', '\u202e', HOSTILE)))
  .map((all) => all.join(''));

test('whatever the text is, of the controls only our colours come out, and --json means the same', () => {
  fc.assert(
    fc.property(texts, texts, (data, other) => {
      const written: string[] = [];
      const out = (text: string): void => void written.push(text);
      const io = painted({
        out,
        err: out,
        env: {},
        envFile: '/nowhere/.env',
        width: 80,
        isTerminal: true,
        canAsk: false,
        colour: true,
        now: () => 0,
        ask: (question) => Promise.resolve(question),
      });
      io.out(io.style.bold(io.style.red(data)) + other);
      io.err(other);
      const [coloured = '', plain = ''] = written;
      expect(coloured.startsWith('\x1b[1m\x1b[31m')).toBe(true);
      expect(coloured.split('\x1b')).toHaveLength(5);
      expect(withoutColours(coloured)).not.toMatch(UNSEEN);
      expect(plain).not.toMatch(UNSEEN);
      expect(visible(data)).not.toMatch(/\p{Cc}/u);
      expect(JSON.parse(visibleJson({ data }))).toEqual({ data });
      expect(visibleJson({ data }, 2)).not.toMatch(UNSEEN);
    }),
  );
});
