import { expect, test } from 'vitest';
import { FLIPPED, TABLE } from './data.ts';
import { cli, startFakeAdmin, type Answers } from './kit.ts';

/** What the command line says while the kill switch is on. */

async function shown(argv: readonly string[], answers: Answers): Promise<string> {
  const admin = await startFakeAdmin(answers);
  try {
    return (await cli([...argv, '--admin', admin.url])).out;
  } finally {
    await admin.close();
  }
}

const flip = ['flip', '--all', '--gateway', '25', '--yes', '--force', '--why', 'so'];
test.each([
  [
    'on',
    true,
    'Flipped, but the kill switch is on and every route is direct: it serves after "c2s-facade kill-switch off"',
  ],
  ['off', undefined, 'Flipped: it serves now'],
])('a flip while the kill switch is %s', async (_state, killSwitch, text) => {
  const answers = { 'GET /api/routes': TABLE, 'POST /api/flips': { ...FLIPPED, killSwitch } };
  expect(await shown(flip, answers)).toContain(`${text}, revision`);
});

const line = (parts: object) => ({
  ...{ revision: 9, at: '2026-11-24T11:00:00.000Z', kind: 'kill-switch', source: 'cli', who: 'Ana', why: 'it fails' },
  ...{ from: false, to: true },
  ...parts,
});
const flips = [
  line({ kind: 'flip', who: 'Rui' }),
  line({ from: true, to: false, who: 'Bia' }),
  line({}),
  line({ who: 'Eva' }),
];
const OFF = 'Switch it off with "c2s-facade kill-switch off".';
const FILE = 'The file /run/direct (server.killSwitchFile) holds it: remove that file where the facade runs.';
const SINCE = 'by Ana (cli) since 2026-11-24 11:00:00';
test.each([
  ['by hand', { by: ['admin'] }, flips, [OFF, `${SINCE}`, 'it fails'], ['Bia', 'Eva', 'Rui']],
  ['by a file', { by: ['file'], file: '/run/direct' }, flips, [FILE], ['kill-switch off']],
  [
    'by both',
    { by: ['admin', 'file'], file: '/run/direct' },
    [],
    [FILE, '"c2s-facade kill-switch off" as well.'],
    ['since'],
  ],
  ['by a file of an older facade', { by: ['file'] }, [], ['The file of server.killSwitchFile holds it'], ['undefined']],
])('who holds it on, and what ends it: %s', async (_what, state, said, held, not) => {
  const answers = { 'GET /api/kill-switch': { on: true, ...state }, 'GET /api/history': { revision: 9, flips: said } };
  const text = await shown(['kill-switch'], answers);
  for (const part of held) expect(text).toContain(part);
  for (const part of not) expect(text).not.toContain(part);
});

test('without a history the state is shown all the same', async () => {
  expect(await shown(['kill-switch'], { 'GET /api/kill-switch': { on: true, by: ['admin'] } })).toContain(OFF);
});

test('off, while a file of another machine holds it, names the file', async () => {
  const answers = { 'DELETE /api/kill-switch': { on: true, by: ['file'], file: '/run/direct' } };
  expect(await shown(['kill-switch', 'off'], answers)).toBe(`The kill switch is still on. ${FILE}\n`);
});
